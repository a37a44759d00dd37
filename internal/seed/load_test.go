package seed_test

import (
	"encoding/json"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

const company = `
users:
	ada:
		email: ada@example.com
		name: Ada
		tier: TEAM
		tags: [go, sql]
	bob: { email: bob@example.com, name: Bob, manager: $users.ada }
Project:
	engine:
		slug: engine
		owner: $User.ada
		lead: $memberships.adaEngine
		members: [$users.ada, $users.bob]
Membership:
	adaEngine: { project: $projects.engine, user: $users.ada, role: LEAD }
tickets:
	- title: First
	- title: Second
		project: $projects.engine
`

func TestLoadTwice(t *testing.T) {
	pool := database(t)
	wantTotal(t, load(t, pool, company), 8, 0, 0)
	before := testkit.Value(t, pool, "SELECT string_agg(u::text || xmin::text, '|' ORDER BY email) FROM users u")
	wantTotal(t, load(t, pool, company), 0, 0, 8)

	for sql, want := range map[string]string{
		"SELECT string_agg(u::text || xmin::text, '|' ORDER BY email) FROM users u":                            before, // not even locked
		"SELECT last_value FROM tickets_number_seq":                                                            "2",
		"SELECT b.manager_id = a.id FROM users a, users b WHERE a.name = 'Ada' AND b.name = 'Bob'":             "true",
		"SELECT lead_user_id = owner_id AND lead_project_id = id FROM projects":                                "true",
		"SELECT count(*) FROM projects_users":                                                                  "2",
		"SELECT bio FROM users WHERE name = 'Ada'":                                                             "new here", // the database's default
		"SELECT stars FROM projects":                                                                           "3",        // before the schema's
		"SELECT tier FROM users WHERE name = 'Bob'":                                                            "FREE",     // the schema's, where the database has none
		"SELECT tags FROM users WHERE name = 'Bob'":                                                            "{}",
		"SELECT created_at = '2026-03-01T09:30:00Z' AND updated_at = created_at FROM users WHERE name = 'Bob'": "true",
		"SELECT id FROM users WHERE name = 'Ada'":                                                              "facb5063-aa18-56f6-9066-f4ada7ca7c66", // the same on every machine
	} {
		if got := testkit.Value(t, pool, sql); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
}

func TestUpdateOnlyWhatIsNamed(t *testing.T) {
	pool := database(t)
	load(t, pool, company)
	testkit.Exec(t, pool, "UPDATE users SET bio = 'mine', name = 'Robert' WHERE email = 'bob@example.com'")
	testkit.Exec(t, pool, "UPDATE users SET updated_at = '2020-01-01T00:00:00Z'")
	wantTotal(t, load(t, pool, company), 0, 1, 7)
	for sql, want := range map[string]string{
		"SELECT name || ' ' || bio FROM users WHERE email = 'bob@example.com'":                  "Bob mine",
		"SELECT updated_at = '2026-03-01T09:30:00Z' FROM users WHERE email = 'bob@example.com'": "true", // @onUpdate
		"SELECT updated_at = '2020-01-01T00:00:00Z' FROM users WHERE email = 'ada@example.com'": "true",
	} {
		if got := testkit.Value(t, pool, sql); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
}

func TestSets(t *testing.T) {
	pool := database(t)
	fsys := files(
		"common/users.yaml", "users:\n  ada: {email: ada@example.com, name: Ada}\n",
		"common/README.md", "not a fixture",
		"common/.hidden.yaml", "[",
		"dev/more/projects.yml", "projects:\n  one: {slug: one, owner: $users.ada}\n",
		"dev/empty.yaml", "# nothing yet\n",
		"demo/broken.yaml", "nonsense: [",
	)
	o := options(t, pool, fsys)
	o.Sets = []string{"common", "dev"}
	summary, err := seed.Load(t.Context(), o)
	if err != nil {
		t.Fatal(explain(err))
	}
	wantTotal(t, summary, 2, 0, 0)
	if got, want := summary.String(), "2 rows in 2 tables: 2 inserted, 0 updated, 0 unchanged"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	for _, sets := range [][]string{{"common", "none"}, {"common", "common"}, {".."}, {"."}, {""}} {
		o.Sets = sets
		if _, err := seed.Load(t.Context(), o); err == nil {
			t.Errorf("%q: loaded", sets)
		}
	}
	o.Sets = []string{"none"}
	_, err = seed.Load(t.Context(), o)
	if got, want := fault.HintOf(err), "Create the folder, or name the sets to load in krowoc.yaml (seeds.sets). Existing folders: common, demo, dev."; fault.CodeOf(err) != fault.NotFound || got != want {
		t.Errorf("%v: got %q, want %q", err, got, want)
	}
}

func TestNothingToLoad(t *testing.T) {
	summary := load(t, database(t), "# nothing yet\nusers:\n")
	if text, err := json.Marshal(summary); err != nil || string(text) != `{"tables":[],"generated":[],"sql":[]}` {
		t.Errorf("%s %v", text, err)
	}
}

func TestConsent(t *testing.T) {
	pool := database(t)
	for _, c := range []struct {
		environment, allow string
		confirmed, ok      bool
	}{
		{"production", "", false, false},
		{"production", "", true, false},
		{"production", "production", false, false},
		{"production", "staging", true, false},
		{"", "", true, false},
		{"production", "production", true, true},
	} {
		o := options(t, pool, files("dev/a.yaml", "tickets:\n  - title: T\n"))
		o.Environment, o.Protected, o.AllowProtected, o.Confirmed = c.environment, true, c.allow, c.confirmed
		_, err := seed.Load(t.Context(), o)
		if (err == nil) != c.ok || (!c.ok && fault.CodeOf(err) != fault.Forbidden) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if got := testkit.Value(t, pool, "SELECT count(*) FROM tickets"); got != "1" {
		t.Errorf("%s tickets", got)
	}
}

func TestDigest(t *testing.T) {
	digest := func(sets []string, pairs ...string) string {
		sum, err := seed.Digest(files(pairs...), sets, nil)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	base := digest([]string{"dev"}, "dev/a.yaml", "users:", "demo/b.yaml", "x")
	if base != digest([]string{"dev"}, "dev/a.yaml", "users:", "demo/b.yaml", "changed", "dev/notes.txt", "x") {
		t.Error("what is not loaded changes the digest")
	}
	for name, other := range map[string]string{
		"content": digest([]string{"dev"}, "dev/a.yaml", "users: "),
		"name":    digest([]string{"dev"}, "dev/b.yaml", "users:"),
		"sets":    digest([]string{"demo", "dev"}, "dev/a.yaml", "users:", "demo/b.yaml", "x"),
		"split":   digest([]string{"dev"}, "dev/a.yaml", "users", "dev/b.yaml", ":"),
	} {
		if other == base {
			t.Errorf("another %s has the same digest", name)
		}
	}
}
