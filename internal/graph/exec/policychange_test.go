package exec_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

const policyBefore = `
enum Kind { OPEN CLOSED }
type User @table @auth(rules: [{ allow: OWNER, field: "id" }]) { id: String! memberships: [Membership!]! }
type Team @table @auth(rules: [{ allow: AUTHENTICATED, where: "this.memberships.exists(m, m.user.id == auth.uid)" }]) {
  name: String! memberships: [Membership!]! posts: [Post!]!
}
type Membership @table(key: ["user", "team"]) @auth(rules: [{ allow: OWNER, field: "user" }]) { user: User! team: Team! rank: Int! }
type Post @table @auth(rules: [
  { allow: PUBLIC, operations: [READ], where: "this.kind == 'OPEN'" }
  { allow: AUTHENTICATED, where: "this.team.memberships.exists(m, m.user.id == auth.uid && m.rank > 1)" }
  { allow: AUTHENTICATED, operations: [UPDATE], where: "this.tags.exists(t, t.name == 'free')" }
]) {
  team: Team
  kind: Kind!
  draft: String @auth(rules: [{ allow: AUTHENTICATED, where: "this.team.memberships.exists(m, m.user.id == auth.uid)" }])
  tags: [Tag!]!
}
type Tag @table @auth(rules: [{ allow: PUBLIC }]) { name: String! posts: [Post!]! }
`

// After a change of the tables, the plan leads to the new rules and back, which rls.Make has tried, and a second one is empty.
func TestPoliciesOfChangedTables(t *testing.T) {
	for name, c := range map[string]struct {
		sql    string
		schema []string // old and new texts
	}{
		"a renamed table":      {`ALTER TABLE memberships RENAME TO seats`, []string{`@table(key: ["user", "team"])`, `@table(key: ["user", "team"], name: "seats")`}},
		"a renamed field":      {`ALTER TABLE memberships RENAME COLUMN rank TO "Level"`, []string{"rank: Int!", `rank: Int! @col(name: "Level")`}},
		"a renamed join table": {`ALTER TABLE posts_tags RENAME TO labels_posts; ALTER TABLE labels_posts RENAME COLUMN tag_id TO label_id; ALTER TABLE tags RENAME TO labels`, []string{"Tag", "Label"}},
		"a renamed value":      {`ALTER TYPE kind RENAME VALUE 'OPEN' TO 'FREE'`, []string{"OPEN", "FREE"}},
		"a renamed enum":       {`ALTER TYPE kind RENAME TO sort`, []string{"Kind", "Sort"}},
		"a new field":          {`ALTER TABLE posts ADD note text`, []string{"draft: String", "note: String draft: String"}},
		"a dropped table":      {`DROP VIEW posts_visible; DROP TABLE posts_tags, posts`, []string{policyBefore[strings.Index(policyBefore, "type Post"):], "", "posts: [Post!]!", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			s := secure(t, policyBefore)
			testkit.Exec(t, s.db, c.sql)
			tables := policiesOf(t, strings.NewReplacer(c.schema...).Replace(policyBefore))
			plan, err := rls.Make(t.Context(), s.db, tables, rls.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, sql := range plan.Up {
				testkit.Exec(t, s.db, sql)
			}
			s.asked(t, "authenticated", `{"sub": "ada"}`, "SELECT count(*)::text FROM teams")
			if plan, err = rls.Make(t.Context(), s.db, tables, rls.Options{}); err != nil || len(plan.Up)+len(plan.Down) > 0 {
				t.Errorf("%v %q", err, plan.Up)
			}
		})
	}
}

// A migration of an earlier release lacks a function, and its policies use the others.
func TestPoliciesOfAnEarlierRelease(t *testing.T) {
	const text = `enum Tier @tiers { FREE PRO } type Note @table @auth(rules: [{ allow: TIER, atLeast: PRO }]) { text: String! }`
	s := secure(t, text)
	for _, function := range []string{"logged_in_at()", "uid_as_number()"} {
		testkit.Exec(t, s.db, "DROP FUNCTION krowoc_auth."+function)
		plan, err := rls.Make(t.Context(), s.db, policiesOf(t, text), rls.Options{})
		if err != nil || len(plan.Up) != 2 || !strings.Contains(plan.Up[0], function) || len(plan.Down) != 2 { // with its grant
			t.Fatalf("%v %q %q", err, plan.Up, plan.Down)
		}
		for _, sql := range plan.Up {
			testkit.Exec(t, s.db, sql)
		}
	}
}

// policiesOf returns the policies of a schema.
func policiesOf(t *testing.T, text string) []rls.Table {
	t.Helper()
	parsed, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	api, err := graph.New(parsed, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := api.Policies()
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// From any rules to any others and back: after either way there is nothing left to do.
func TestPlansBetweenRandomRules(t *testing.T) {
	for i := range *policyRounds {
		g := policyMaker{Rand: rand.New(rand.NewPCG(*randomSeed, uint64(1000+i)))} //nolint:gosec // not for secrets
		from, to := g.schema(), g.schema()
		s, tables := secure(t, from), policiesOf(t, to)
		plan, err := rls.Make(t.Context(), s.db, tables, rls.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range []struct {
			statements []string
			tables     []rls.Table
		}{{plan.Up, tables}, {plan.Down, s.tables}} {
			for _, sql := range way.statements {
				testkit.Exec(t, s.db, sql)
			}
			if left, err := rls.Make(t.Context(), s.db, way.tables, rls.Options{}); err != nil || len(left.Up)+len(left.Down) > 0 {
				t.Fatalf("%v %q\nfrom %s\nto %s", err, left.Up, from, to)
			}
		}
	}
}

// A provider such as Supabase grants everything on new tables and views to the roles of callers. The plan takes it back.
func TestPoliciesUnderDefaultPrivileges(t *testing.T) {
	s := secure(t, `type A @table @auth(rules: [{ allow: PUBLIC }]) { n: Int }`)
	testkit.Exec(t, s.db, "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated")
	testkit.Exec(t, s.db, "CREATE TABLE bs (id uuid PRIMARY KEY, owner text, n int)")
	tables := policiesOf(t, `type A @table @auth(rules: [{ allow: PUBLIC }]) { n: Int }
		type B @table @auth(rules: [{ allow: OWNER, field: "owner", operations: [READ] }]) { owner: String n: Int @auth(rules: [{ allow: ROLE, roles: ["admin"] }]) }`)
	plan, err := rls.Make(t.Context(), s.db, tables, rls.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range plan.Up {
		testkit.Exec(t, s.db, sql)
	}
	for _, c := range [][2]string{
		{"anon", "bs"}, {"anon", "bs_visible"}, {"authenticated", "bs"}, {"authenticated", "bs_visible"},
	} {
		for _, privilege := range []string{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"} {
			want := c == [2]string{"authenticated", "bs_visible"} && privilege == "SELECT"
			if got := testkit.Value(t, s.db, "SELECT has_table_privilege($1, $2, $3)", c[0], c[1], privilege) == "true"; got != want {
				t.Errorf("%s on %s to %s: %t", privilege, c[1], c[0], got)
			}
		}
	}
}

// Names that need quotes, of tables, columns, roles and values.
func TestPoliciesOfOddNames(t *testing.T) {
	s := secure(t, `
		type User @table(name: "user") @auth(rules: [{ allow: OWNER, field: "id" }]) { id: String! @col(name: "Order") notes: [Note!]! }
		type Note @table(name: "My \"notes\"") @auth(rules: [{ allow: OWNER, field: "owner" } { allow: AUTHENTICATED, operations: [READ], where: "this.tags.exists(t, t.select == 'it\\'s')" }]) {
			owner: User @col(name: "krowoc_row.owner") select: String @auth(rules: [{ allow: OWNER, field: "owner" }]) tags: [Tag!]!
		}
		type Tag @table(name: "Tags") @auth(rules: [{ allow: PUBLIC }]) { select: String! notes: [Note!]! }`,
		`INSERT INTO "user" VALUES ('ada')`, `INSERT INTO "Tags" (id, "select") VALUES ('`+id('b', 0)+`', 'it''s')`,
		`INSERT INTO "My ""notes""" (id, "krowoc_row.owner", "select") VALUES ('`+id('a', 0)+`', 'ada', 'x'), ('`+id('a', 1)+`', NULL, 'y')`)
	links := testkit.Value(t, s.db, `SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relname ~ 'otes' AND relname ~ 'ags' AND relnamespace = 'public'::regnamespace`)
	testkit.Exec(t, s.db, `INSERT INTO `+links+` SELECT n.id, t.id FROM "My ""notes""" n, "Tags" t WHERE n."select" = 'y'`)
	view := sqltext.Ident(rls.ViewName(`My "notes"`))
	const all = `SELECT string_agg(coalesce("select", '-'), ' ' ORDER BY id) FROM `
	o := rls.Options{Anonymous: "user", Authenticated: `Odd "role"`}
	plan, err := rls.Make(t.Context(), s.db, s.tables, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][]string{{"authenticated", "anon"}, {`"Odd ""role"""`, `"user"`}} {
		if got := s.asked(t, c[0], `{"sub": "ada"}`, all+view); got != "x -" {
			t.Errorf("%s: %s", c, got)
		}
		if got := s.asked(t, c[1], "", `SELECT count(*)::text FROM `+view); got != "denied" {
			t.Errorf("%s: %s", c, got)
		}
		for _, sql := range plan.Up {
			testkit.Exec(t, s.db, sql)
		}
		if plan, err = rls.Make(t.Context(), s.db, s.tables, o); err != nil || len(plan.Up) > 0 {
			t.Errorf("%v %q", err, plan.Up)
		}
	}
}
