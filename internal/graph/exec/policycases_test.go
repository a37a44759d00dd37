package exec_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/testkit"
)

const policyCases = `
type User @table @auth(rules: [{ allow: OWNER, field: "id" }]) { id: String! memberships: [Membership!]! posts: [Post!]! }
type Team @table @auth(rules: [{ allow: AUTHENTICATED, operations: [READ], where: "this.memberships.exists(m, m.user.id == auth.uid)" }]) {
  name: String! memberships: [Membership!]! posts: [Post!]!
}
type Membership @table(key: ["user", "team"]) @auth(rules: [{ allow: OWNER, field: "user" }]) { user: User! team: Team! note: String }
type Post @table @auth(rules: [
  { allow: OWNER, field: "owner" }
  { allow: ROLE, roles: ["admin"] }
  { allow: PUBLIC, operations: [READ], where: "this.public" }
  { allow: AUTHENTICATED, operations: [READ], where: "this.team.memberships.exists(m, m.user.id == auth.uid)" }
]) {
  owner: User
  team: Team
  public: Boolean! @default(value: false)
  cost: Int @auth(rules: [{ allow: AUTHENTICATED, operations: [READ] }])
  draft: String @auth(rules: [{ allow: OWNER, field: "owner" }])
  hidden: String @auth(rules: [])
  input: Int @auth(rules: [{ allow: AUTHENTICATED, operations: [CREATE] }])
  stars: Int! @default(value: 3) @auth(rules: [{ allow: ROLE, roles: ["admin"] }, { allow: PUBLIC, operations: [READ] }])
  made: DateTime @default(sql: "now()") @auth(rules: [{ allow: ROLE, roles: ["admin"] }, { allow: PUBLIC, operations: [READ] }])
}
type Secret @table @auth(rules: []) { value: String! }
`

var policyCaseRows = []string{
	"INSERT INTO users (id) VALUES ('ada'), ('bob'), ('1')",
	"INSERT INTO teams (id, name) VALUES ('" + id('d', 0) + "', 'one')",
	"INSERT INTO memberships (user_id, team_id) VALUES ('bob', '" + id('d', 0) + "')",
	"INSERT INTO posts (id, owner_id, team_id, public, cost, draft, hidden) VALUES ('" + id('a', 0) + "', 'ada', '" + id('d', 0) + "', false, 1, 'd0', 'h'), ('" +
		id('a', 1) + "', NULL, NULL, true, 2, 'd1', 'h'), ('" + id('a', 2) + "', '1', NULL, false, 3, 'd2', 'h')",
	"INSERT INTO secrets (value) VALUES ('x')",
}

// asked runs a statement as a role with claims, and returns its first value, or the SQLSTATE of its error.
func (s secured) asked(t *testing.T, role, claims, sql string) (answer string) {
	t.Helper()
	s.try(t, func(tx pgx.Tx) {
		testkit.Exec(t, tx, "SELECT set_config('request.jwt.claims', $1, true)", claims)
		testkit.Exec(t, tx, "SET LOCAL ROLE "+role)
		rows, err := tx.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		values, err := pgx.CollectRows(rows, pgx.RowTo[string])
		switch {
		case err != nil && denied(t, err, sql):
			answer = "denied"
		case len(values) == 0:
			answer = rows.CommandTag().String()
		default:
			answer = values[0]
		}
	})
	return answer
}

func TestPoliciesOfPlainCases(t *testing.T) {
	s := secure(t, policyCases, policyCaseRows...)
	const seenPosts = "SELECT coalesce(string_agg(right(id::text, 1), ' ' ORDER BY id), '-') FROM posts"
	ada, bob, admin := `{"sub": "ada"}`, `{"sub": "bob"}`, `{"sub": "eve", "app_metadata": {"roles": ["admin"]}}`
	for _, c := range []struct{ role, claims, sql, want string }{
		{"anon", "", seenPosts, "1"},
		{"authenticated", ada, seenPosts, "0 1"},
		{"authenticated", bob, seenPosts, "0 1"},
		{"authenticated", admin, seenPosts, "0 1 2"},
		{"authenticated", `{"sub": "eve", "roles": ["admin"]}`, seenPosts, "0 1 2"},
		{"authenticated", `{"sub": "eve", "roles": "admin"}`, seenPosts, "0 1 2"},
		{"authenticated", `{"sub": "eve", "roles": {"admin": true}}`, seenPosts, "1"},

		// Claims that nobody should send are nobody's, and fail nothing.
		{"authenticated", `{"sub": 1}`, seenPosts, "1"},
		{"authenticated", `{"sub": ["ada"]}`, seenPosts, "1"},
		{"authenticated", `{"roles": ["admin"]}`, seenPosts, "1"},
		{"authenticated", `not JSON`, seenPosts, "1"},
		{"authenticated", `{"sub": "ada\u0000"}`, seenPosts, "1"},
		{"authenticated", `["ada"]`, seenPosts, "1"},
		{"authenticated", `"ada"`, seenPosts, "1"},
		{"authenticated", `{"sub": ""}`, seenPosts, "1"},

		// A user without an owner is not the owner of rows without one.
		{"authenticated", ``, "SELECT count(*)::text FROM posts WHERE owner_id IS NULL", "1"},
		{"authenticated", ``, "UPDATE posts SET public = false", "UPDATE 0"},
		{"authenticated", ada, "UPDATE posts SET public = true", "UPDATE 1"},
		{"authenticated", ada, "UPDATE posts SET owner_id = 'bob'", "denied"},
		{"authenticated", ada, "INSERT INTO posts (owner_id) VALUES ('ada')", "INSERT 0 1"},
		{"authenticated", ada, "INSERT INTO posts (owner_id) VALUES ('bob')", "denied"},
		{"authenticated", ada, "INSERT INTO posts (public) VALUES (true)", "denied"},
		{"authenticated", admin, "INSERT INTO posts (public) VALUES (true)", "INSERT 0 1"},
		{"authenticated", ada, "DELETE FROM posts", "DELETE 1"},
		{"anon", "", "DELETE FROM posts", "denied"},

		// A key of two columns.
		{"authenticated", bob, "SELECT team_id::text FROM memberships WHERE user_id = 'bob'", id('d', 0)},
		{"authenticated", ada, "SELECT count(*)::text FROM memberships", "0"},
		{"authenticated", bob, "UPDATE memberships SET user_id = 'ada'", "denied"},

		// Fields.
		{"authenticated", bob, "SELECT cost::text FROM posts WHERE public", "2"},
		{"anon", "", "SELECT cost::text FROM posts", "denied"},
		{"authenticated", ada, "SELECT draft FROM posts", "denied"},
		{"authenticated", ada, "SELECT hidden FROM posts", "denied"},
		{"authenticated", ada, "SELECT string_agg(coalesce(draft, '-'), ' ' ORDER BY id) FROM posts_visible", "d0 -"},
		{"authenticated", ada, "SELECT string_agg(cost::text, ' ' ORDER BY id) FROM posts_visible", "1 2"},
		{"authenticated", admin, "SELECT coalesce(max(input)::text, 'none') FROM posts_visible", "none"},
		{"authenticated", ada, "INSERT INTO posts (owner_id, input) VALUES ('ada', 1)", "INSERT 0 1"},
		{"authenticated", admin, "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'posts_visible'::regclass AND attnum > 0",
			"id owner_id team_id public cost draft input stars made"},
		{"anon", "", "SELECT coalesce(draft, '-') || coalesce(cost::text, '-') FROM posts_visible", "--"},
		{"authenticated", ada, "UPDATE posts_visible SET public = true", "denied"},
		{"authenticated", ada, "INSERT INTO posts (owner_id, draft) VALUES ('ada', 'mine')", "INSERT 0 1"},
		{"authenticated", admin, "INSERT INTO posts (owner_id, draft) VALUES ('ada', 'theirs')", "denied"},
		{"authenticated", admin, "INSERT INTO posts (owner_id, draft) VALUES ('ada', NULL)", "INSERT 0 1"},
		{"authenticated", ada, "UPDATE posts SET draft = 'new' WHERE owner_id = 'ada'", "UPDATE 1"},
		{"authenticated", ada, "UPDATE posts SET draft = draft || 'new' WHERE owner_id = 'ada'", "denied"},
		{"authenticated", admin, "UPDATE posts SET draft = NULL WHERE owner_id = 'ada'", "denied"},
		{"authenticated", admin, "UPDATE posts SET draft = 'new', owner_id = 'bob' WHERE owner_id = 'ada'", "denied"},
		{"authenticated", ada, "UPDATE posts SET stars = stars", "denied"},
		{"authenticated", admin, "UPDATE posts SET stars = 4, made = NULL", "UPDATE 3"},
		{"authenticated", ada, "INSERT INTO posts (owner_id, stars) VALUES ('ada', 4)", "denied"},
		{"authenticated", ada, "INSERT INTO posts (id, owner_id, stars) VALUES ('" + id('a', 2) + "', 'ada', 4)", "denied"}, // and not: the key exists
		{"authenticated", ada, "INSERT INTO posts (owner_id, stars) VALUES ('ada', 3)", "INSERT 0 1"},
		{"authenticated", admin, "INSERT INTO posts (owner_id, stars) VALUES ('ada', 4)", "INSERT 0 1"},
		{"authenticated", admin, "INSERT INTO posts (owner_id, made) VALUES ('ada', NULL)", "denied"}, // only with the API
		{"authenticated", ada, "UPDATE posts SET cost = 0", "denied"},

		// Types without rules, and what policies do not cover.
		{"authenticated", admin, "SELECT value FROM secrets", "denied"},
		{"authenticated", admin, "TRUNCATE secrets", "denied"},
		{"authenticated", admin, "SELECT count(*)::text FROM users", "0"},
	} {
		if got := s.asked(t, c.role, c.claims, c.sql); got != c.want {
			t.Errorf("%s %s\n%s\ngives %s instead of %s", c.role, c.claims, c.sql, got, c.want)
		}
	}
}

// The notes name what only the view shows, and what only the API writes.
func TestNotesOfPolicies(t *testing.T) {
	s := secure(t, policyCases)
	got, err := json.Marshal(rls.Notes(s.tables))
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"type":"Post","table":"posts","fields":["draft"],"view":"posts_visible"},{"type":"Post","table":"posts","fields":["made"],"operations":["INSERT"]}]`
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A link that a rule looks at is written only if the rule still holds afterwards. It goes with its row.
func TestRulesAfterLinks(t *testing.T) {
	s := secure(t, `
		type Post @table @auth(rules: [{ allow: PUBLIC, operations: [READ, DELETE] } { allow: PUBLIC, operations: [UPDATE], where: "this.labels.exists(l, l.name == 'draft') && !this.labels.exists(l, l.name == 'locked')" }]) {
			title: String! labels: [Label!]!
		}
		type Label @table @auth(rules: [{ allow: PUBLIC }]) { name: String! posts: [Post!]! }`,
		"INSERT INTO posts (id, title) VALUES ('"+id('a', 0)+"', 'p')",
		"INSERT INTO labels (id, name) VALUES ('"+id('b', 0)+"', 'draft'), ('"+id('b', 1)+"', 'draft'), ('"+id('b', 2)+"', 'locked'), ('"+id('b', 3)+"', 'new')",
		"INSERT INTO labels_posts (post_id, label_id) SELECT p.id, l.id FROM posts p, labels l WHERE l.name = 'draft'")
	link := func(n int) string {
		return "INSERT INTO labels_posts (post_id, label_id) VALUES ('" + id('a', 0) + "', '" + id('b', n) + "')"
	}
	for _, c := range []struct{ sql, want string }{
		{link(3), "INSERT 0 1"},
		{link(2), "denied"},
		{"DELETE FROM labels_posts WHERE label_id = '" + id('b', 0) + "'", "DELETE 1"},
		{"DELETE FROM labels_posts", "denied"}, // none of them alone
		{"DELETE FROM posts", "DELETE 1"},
		{"DELETE FROM labels", "DELETE 4"},
	} {
		if got := s.asked(t, "anon", "", c.sql); got != c.want {
			t.Errorf("%s\ngives %s instead of %s", c.sql, got, c.want)
		}
	}
	testkit.Exec(t, s.db, "DELETE FROM labels_posts")
}

// A function that a caller puts into a condition sees no row and no field that the view hides.
func TestViewKeepsFunctionsAway(t *testing.T) {
	s := secure(t, policyCases, policyCaseRows...)
	testkit.Exec(t, s.db, `CREATE TABLE leaks (value text); GRANT ALL ON leaks TO PUBLIC;
		CREATE FUNCTION leak(v text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN INSERT INTO leaks VALUES (v); RETURN true; END $$`)
	s.try(t, func(tx pgx.Tx) {
		testkit.Exec(t, tx, `SELECT set_config('request.jwt.claims', '{"sub": "ada"}', true)`)
		testkit.Exec(t, tx, "SET LOCAL ROLE authenticated")
		testkit.Exec(t, tx, "SELECT FROM posts_visible WHERE leak(draft) AND leak(owner_id)")
		if got := testkit.Value(t, tx, "SELECT string_agg(DISTINCT value, ' ' ORDER BY value) FROM leaks"); got != "ada d0" {
			t.Errorf("the function has seen %s", got)
		}
	})
}

// The owner of the tables is not restricted, a second plan is empty, and a changed rule replaces its policy only.
func TestPlanIsTheDifference(t *testing.T) {
	s := secure(t, policyCases, policyCaseRows...)
	if n := testkit.Value(t, s.db, "SELECT count(*) FROM posts"); n != "3" {
		t.Errorf("the owner sees %s rows", n)
	}
	testkit.Exec(t, s.db, "CREATE POLICY by_hand ON posts FOR SELECT USING (false)")
	plan, err := rls.Make(t.Context(), s.db, s.tables, rls.Options{})
	if err != nil || len(plan.Up)+len(plan.Down) > 0 || !slices.Equal(plan.Others, []rls.Other{{Table: "posts", Policy: "by_hand", Permissive: true}}) {
		t.Fatalf("%v %q %v", err, plan.Up, plan.Others)
	}
	i := 0
	for s.tables[i].Name != "posts" {
		i++
	}
	s.tables[i].Policies[rls.Delete] = nil
	plan, err = rls.Make(t.Context(), s.db, s.tables, rls.Options{})
	if err != nil || len(plan.Up) != 1 || plan.Up[0] != "DROP POLICY krowoc_delete ON public.posts" || len(plan.Down) != 1 {
		t.Errorf("%v %q", err, plan.Up)
	}
	plan, err = rls.Make(t.Context(), s.db, s.tables, rls.Options{Remove: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range plan.Up {
		testkit.Exec(t, s.db, sql)
	}
	left := testkit.Value(t, s.db, "SELECT string_agg(polname, ' ') FROM pg_policy")
	secured := testkit.Value(t, s.db, "SELECT string_agg(relname, ' ') FROM pg_class WHERE relrowsecurity")
	if left != "by_hand" || secured != "posts" || testkit.Value(t, s.db, "SELECT to_regnamespace('krowoc_auth')") != "NULL" {
		t.Errorf("removing leaves %s on %s", left, secured)
	}
}
