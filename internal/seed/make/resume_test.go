package make_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

const blog = `
type User @table @auth(rules: []) { name: String! posts: [Post!]! }
type Post @table @unique(fields: ["user", "number"]) @auth(rules: []) { user: User! number: Int! text: String! }`

// Children of a load that was cut short go to the parents that they would have had, among those of the application.
func TestChildrenGoOnWithTheirParents(t *testing.T) {
	s := parse(t, blog)
	pool := built(t, s)
	role := appRole(t)
	testkit.Exec(t, pool, `INSERT INTO users (id, name) SELECT gen_random_uuid(), 'own' FROM generate_series(1, 3000);
		CREATE ROLE `+role+`; GRANT ALL ON ALL TABLES IN SCHEMA public, krowoc TO `+role+`; GRANT CREATE ON SCHEMA public TO `+role+`;
		CREATE SEQUENCE came; GRANT ALL ON SEQUENCE came TO `+role+`;
		CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('came') = 60001 THEN RAISE 'enough' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$;
		CREATE TRIGGER stumbles BEFORE INSERT ON posts FOR EACH ROW EXECUTE FUNCTION stumble()`)
	o := making(t, pool, s, "generate:\n  User: 40_000\n  Post: {per: {user: [1, 3]}}\n")
	o.DB = as(t, pool, role)
	if _, err := seed.Load(t.Context(), o); err == nil || !strings.Contains(hint(err), "continue from there") {
		t.Fatal(err)
	}
	if got := testkit.Value(t, pool, "SELECT count(*) FROM posts"); got != "50000" {
		t.Fatal(got)
	}
	testkit.Exec(t, pool, "DROP TRIGGER stumbles ON posts")
	must(t)(seed.Load(t.Context(), o))
	for _, question := range []string{
		"SELECT count(*) = 43000 AND min(n) = 1 AND max(n) = 3 FROM (SELECT count(p) AS n FROM users u LEFT JOIN posts p ON p.user_id = u.id GROUP BY u.id) c",
		"SELECT bool_and(highest = n) FROM (SELECT max(number) AS highest, count(*) AS n FROM posts GROUP BY user_id) c",
	} {
		if got := testkit.Value(t, pool, question); got != "true" {
			t.Errorf("%s is %s", question, got)
		}
	}
	if made := must(t)(seed.Load(t.Context(), o)).Generated; made[0].Rows+made[1].Rows != 0 {
		t.Errorf("again: %+v", made)
	}

	// More parents get children, too; other parents than those of a load that is done change nothing.
	o = making(t, pool, s, "generate:\n  User: 40_010\n  Post: {per: {user: [1, 3]}}\n")
	if made := must(t)(seed.Load(t.Context(), o)).Generated; made[0].Rows != 10 || made[1].Rows < 10 || made[1].Rows > 30 {
		t.Errorf("more: %+v", made)
	}
	testkit.Exec(t, pool, "INSERT INTO users (id, name) VALUES (gen_random_uuid(), 'late')")
	if made := must(t)(seed.Load(t.Context(), o)).Generated; made[0].Rows+made[1].Rows != 0 {
		t.Errorf("with another parent: %+v", made)
	}
}

// A load that was cut short does not guess whose children are missing when the parents are others.
func TestOtherParentsThanBefore(t *testing.T) {
	s := parse(t, blog)
	pool := built(t, s)
	testkit.Exec(t, pool, "INSERT INTO users (id, name) SELECT gen_random_uuid(), 'own' FROM generate_series(1, 30000)")
	testkit.Exec(t, pool, "CREATE ROLE "+appRole(t)+"; GRANT ALL ON ALL TABLES IN SCHEMA public, krowoc TO "+appRole(t)+"; GRANT CREATE ON SCHEMA public TO "+appRole(t))
	o := making(t, pool, s, "generate:\n  Post: {per: {user: 3}}\n")
	o.DB = as(t, pool, appRole(t))
	o.Report = midway(60_000, func() { terminateCopies(t, pool) })
	if _, err := seed.Load(t.Context(), o); err == nil {
		t.Fatal("it went by")
	}
	testkit.Exec(t, pool, "INSERT INTO users (id, name) VALUES (gen_random_uuid(), 'late')")
	o.Report = nil
	if _, err := seed.Load(t.Context(), o); fault.CodeOf(err) != fault.Conflict || !strings.Contains(err.Error(), "the rows of users have changed since the load began") {
		t.Error(err)
	}
}
