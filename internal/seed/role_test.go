package seed_test

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// grants returns the SQL of docs/production.md that gives a role called seeder the rights to seed.
func grants(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/production.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "### A role that seeds")
	_, text, _ = strings.Cut(text, "```sql\n")
	sql, _, found := strings.Cut(text, "```")
	if !found || !strings.Contains(sql, "seeder") {
		t.Fatal("docs/production.md has no rights of a role that seeds")
	}
	return sql
}

// A role that owns nothing seeds with the rights that the documentation lists, and without one of them learns which.
func TestRoleThatSeeds(t *testing.T) {
	s := parse(t, `
		type Person @table(key: ["id"]) @auth(rules: []) { id: Int64! @generated(identity: BY_DEFAULT) email: String! @unique events: [Event!]! }
		type Event @table @auth(rules: []) { name: String! @unique owner: Person! }`)
	pool := built(t, s)
	testkit.Exec(t, pool, "CREATE ROLE seeder_of_test LOGIN PASSWORD 'pw'")
	testkit.Exec(t, pool, strings.ReplaceAll(grants(t), "seeder", "seeder_of_test"))
	config := pool.Config()
	config.ConnConfig.User, config.ConnConfig.Password = "seeder_of_test", "pw" // SQL files end with RESET ROLE
	limited, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(limited.Close)
	load := func(text string, set func(o *seed.Options)) (seed.Summary, error) {
		o := options(t, limited, files("dev/a.yaml", text, "dev/b.sql", "UPDATE events SET name = name;"))
		o.Schema = s
		if set != nil {
			set(&o)
		}
		return seed.Load(t.Context(), o)
	}
	const both = "people:\n  a: {id: 100, email: a@x.org}\n  b: {email: b@x.org}\nevents:\n  e: {name: e, owner: $people.a}\n"
	must(t)(load(both, dryRun))
	must(t)(load(both, nil))
	must(t)(load(strings.ReplaceAll(both, "a@", "c@"), nil))
	if total := must(t)(load(both[:strings.Index(both, "events")], prune)).Total(); total.Deleted != 1 {
		t.Errorf("pruned: %+v", total)
	}
	must(t)(load("generate: {Person: 20, Event: 200}\n", nil))
	must(t)(load("generate: {Person: 20, Event: 30_000}\n", nil))

	testkit.Exec(t, pool, "GRANT TRUNCATE ON people, events TO seeder_of_test")
	if _, err := load(both, func(o *seed.Options) { o.Reset = seed.ResetAll }); fault.CodeOf(err) != fault.Forbidden || !strings.Contains(err.Error(), "must be owner of sequence") {
		t.Errorf("a reset by somebody else than the owner: %v", err)
	}
	for _, right := range []string{"SELECT", "INSERT", "UPDATE"} {
		testkit.Exec(t, pool, "REVOKE "+right+" ON krowoc.seeds FROM seeder_of_test")
		_, err := load("people:\n  - {email: new"+right+"@x.org}\n", nil)
		if fault.CodeOf(err) != fault.Forbidden || !strings.Contains(fault.HintOf(err), "SELECT, INSERT, UPDATE, DELETE ON krowoc.seeds") {
			t.Errorf("without %s: %v; hint %q", right, err, fault.HintOf(err))
		}
		testkit.Exec(t, pool, "GRANT "+right+" ON krowoc.seeds TO seeder_of_test")
	}
}
