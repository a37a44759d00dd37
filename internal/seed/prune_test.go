package seed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// with loads the set dev with some options.
func with(t testing.TB, pool *pgxpool.Pool, text string, set func(o *seed.Options)) (seed.Summary, error) {
	t.Helper()
	o := options(t, pool, files("dev/a.yaml", text))
	if set != nil {
		set(&o)
	}
	return seed.Load(t.Context(), o)
}

func prune(o *seed.Options)  { o.Prune = true }
func dryRun(o *seed.Options) { o.DryRun = true }

func must(t testing.TB) func(s seed.Summary, err error) seed.Summary {
	return func(s seed.Summary, err error) seed.Summary {
		t.Helper()
		if err != nil {
			t.Fatal(explain(err))
		}
		return s
	}
}

const adaAndBob = "users:\n  ada: {email: ada@example.com, name: Ada}\n  bob: {email: bob@example.com, name: Bob}\n"

// own inserts a row that no load has inserted.
func own(t testing.TB, pool *pgxpool.Pool, name string) {
	t.Helper()
	testkit.Exec(t, pool, fmt.Sprintf(`INSERT INTO users VALUES (gen_random_uuid(), '%s@example.com', '%s', 'FREE', '', '{}', NULL, now(), now())`, strings.ToLower(name), name))
}

func names(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	return testkit.Value(t, pool, "SELECT string_agg(name, ',' ORDER BY name) FROM users")
}

func TestPruneDeletesWhatLeft(t *testing.T) {
	pool := database(t)
	own(t, pool, "Own")
	testkit.Exec(t, pool, "UPDATE users SET id = '00000000-0000-0000-0000-00000000000b'")
	own(t, pool, "Found")
	must(t)(with(t, pool, adaAndBob+"  found: {id: 00000000-0000-0000-0000-00000000000b, email: own@example.com, name: Own}\n", nil))
	ada, _, _ := strings.Cut(adaAndBob, "  bob")
	must(t)(with(t, pool, ada, nil))
	if got := names(t, pool); got != "Ada,Bob,Found,Own" {
		t.Errorf("without --prune: %s", got)
	}
	planned := must(t)(with(t, pool, ada, func(o *seed.Options) { o.Prune, o.DryRun = true, true }))
	if planned.Total().Deleted != 1 || names(t, pool) != "Ada,Bob,Found,Own" {
		t.Errorf("a dry run: %+v", planned)
	}
	if s := must(t)(with(t, pool, ada, prune)); s.Total().Deleted != 1 {
		t.Errorf("%+v", s)
	}
	if got := names(t, pool); got != "Ada,Found,Own" {
		t.Errorf("what no load has inserted is not its own: %s", got)
	}
	if s := must(t)(with(t, pool, "", prune)); s.Total().Deleted != 1 || names(t, pool) != "Found,Own" {
		t.Errorf("a table that no fixture names any more: %+v", s)
	}
}

// Rows of sets that are not loaded stay.
func TestPruneKeepsOtherSets(t *testing.T) {
	pool := database(t)
	fsys := files("dev/a.yaml", "users:\n  ada: {email: ada@example.com, name: Ada}\n", "demo/b.yaml", "users:\n  bob: {email: bob@example.com, name: Bob}\n")
	o := options(t, pool, fsys)
	o.Sets = []string{"dev", "demo"}
	must(t)(seed.Load(t.Context(), o))
	o.Sets, o.Prune = []string{"dev"}, true
	must(t)(seed.Load(t.Context(), o))
	if got := names(t, pool); got != "Ada,Bob" {
		t.Error(got)
	}
}

// Keys of every shape are found again: of several columns, with times, made by the database.
func TestPruneFindsKeys(t *testing.T) {
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, `
		CREATE TABLE events (at timestamptz, kind text, at_local timestamp, PRIMARY KEY (at, kind));
		CREATE TABLE numbers (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text UNIQUE)`)
	load := func(text string) seed.Summary {
		o := options(t, pool, files("dev/a.yaml", text))
		o.Prune = true
		o.Schema = parse(t, `
			type Event @table(key: ["at", "kind"]) @auth(rules: []) { at: DateTime! kind: String! }
			type Number @table(key: ["n"]) @auth(rules: []) { n: Int64! @generated(identity: ALWAYS) title: String! @unique }`)
		return must(t)(seed.Load(t.Context(), o))
	}
	text := "events:\n  - {at: 2026-01-02T03:04:05.678901+02:00, kind: a}\n  - {at: 2026-01-02, kind: b}\nnumbers:\n  - {title: one}\n  - {title: two}\n"
	load(text)
	wantTotal(t, load(text), 0, 0, 4)
	for i, cut := range []string{"  - {at: 2026-01-02T03:04:05.678901+02:00, kind: a}\n", "  - {title: two}\n", "  - {title: one}\n"} {
		text = strings.Replace(text, cut, "", 1)
		if s := load(text); s.Total().Deleted != 1 {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if got := testkit.Value(t, pool, "SELECT (SELECT string_agg(kind, '') FROM events) || (SELECT count(*) FROM numbers)"); got != "b0" {
		t.Error(got)
	}
}

// A row that others refer to is not deleted, and nothing else is either.
func TestPruneOfARowInUse(t *testing.T) {
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, "CREATE TABLE authors (id uuid PRIMARY KEY, name text); CREATE TABLE books (id uuid PRIMARY KEY, author_id uuid NOT NULL REFERENCES authors ON DELETE RESTRICT)")
	s := parse(t, "type Author @table @auth(rules: []) { name: String! }\ntype Book @table @auth(rules: []) { author: Author! }")
	load := func(text string) error {
		o := options(t, pool, files("dev/a.yaml", text))
		o.Schema, o.Prune = s, true
		_, err := seed.Load(t.Context(), o)
		return err
	}
	if err := load("authors:\n  a: {name: A}\n  b: {name: B}\nbooks:\n  x: {author: $authors.b}\n"); err != nil {
		t.Fatal(explain(err))
	}
	testkit.Exec(t, pool, "INSERT INTO books SELECT gen_random_uuid(), id FROM authors WHERE name = 'A'")
	err := load("authors:\n  b: {name: B2}\nbooks:\n  x: {author: $authors.b}\n")
	if err == nil || !strings.Contains(explain(err), "books") {
		t.Fatal(err)
	}
	if got := testkit.Value(t, pool, "SELECT string_agg(name, ',' ORDER BY name) FROM authors"); got != "A,B" {
		t.Error(got)
	}
	testkit.Exec(t, pool, "DELETE FROM books WHERE author_id = (SELECT id FROM authors WHERE name = 'A')")
	if err := load(""); err != nil { // the books go before their authors
		t.Fatal(explain(err))
	}
}

func TestDryRunSaysWhatWouldChange(t *testing.T) {
	pool := database(t)
	must(t)(with(t, pool, "users:\n  ada: {email: ada@example.com, name: Ada, tags: [x]}\n", nil))
	s := must(t)(with(t, pool, "users:\n  ada: {email: ada@example.com, name: A., tags: [y]}\n  bob: {email: bob@example.com, name: Bob}\n", dryRun))
	wantTotal(t, s, 1, 1, 0)
	want := "[{users ada update [name tags]} {users bob insert []}]"
	if got := fmt.Sprint(s.Changes); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := names(t, pool); got != "Ada" {
		t.Errorf("it was written: %s", got)
	}
	if _, err := with(t, pool, "users:\n  cy: {email: ada@example.com, name: Cy}\n", dryRun); err == nil {
		t.Error("what Postgres refuses is not found")
	}
}

func TestReset(t *testing.T) {
	pool := database(t)
	must(t)(with(t, pool, adaAndBob, nil))
	testkit.Exec(t, pool, "UPDATE users SET name = 'Changed'")
	ada, _, _ := strings.Cut(adaAndBob, "  bob")
	s := must(t)(with(t, pool, ada, func(o *seed.Options) { o.Reset = seed.ResetLoaded }))
	if got := s.Total(); got.Inserted != 1 || got.Deleted != 2 || names(t, pool) != "Ada" {
		t.Errorf("%+v: %s", got, names(t, pool))
	}
	own(t, pool, "Own")
	_, err := with(t, pool, ada, func(o *seed.Options) { o.Reset = seed.ResetLoaded })
	if err == nil || !strings.Contains(err.Error(), "users has 2 rows, but seeds loaded only 1") {
		t.Fatal(err)
	}
	if got := names(t, pool); got != "Ada,Own" {
		t.Error(got)
	}
	must(t)(with(t, pool, ada, func(o *seed.Options) { o.Reset, o.DryRun = seed.ResetAll, true }))
	if got := names(t, pool); got != "Ada,Own" {
		t.Errorf("a dry run: %s", got)
	}
	must(t)(with(t, pool, ada, func(o *seed.Options) { o.Reset = seed.ResetAll }))
	if got := names(t, pool); got != "Ada" {
		t.Error(got)
	}
	// Rows that SQL has inserted are those of seeds, too, and it runs again.
	o := options(t, pool, files("dev/a.yaml", ada, "dev/b.sql", "INSERT INTO tickets (title) SELECT 'ticket ' || n FROM generate_series(1, 5) AS n;"))
	must(t)(seed.Load(t.Context(), o))
	testkit.Exec(t, pool, "INSERT INTO projects (id, slug, owner_id) SELECT gen_random_uuid(), 'p', id FROM users")
	o.Reset = seed.ResetLoaded
	if _, err := seed.Load(t.Context(), o); err == nil || !strings.Contains(err.Error(), "projects has 1 rows, but seeds loaded only 0") {
		t.Error(err)
	}
	testkit.Exec(t, pool, "DELETE FROM projects")
	must(t)(seed.Load(t.Context(), o))
	if got := testkit.Value(t, pool, "SELECT count(*) FROM tickets"); got != "5" {
		t.Errorf("%s tickets", got)
	}
	if _, err := with(t, pool, ada, func(o *seed.Options) { o.Reset = "some" }); err == nil {
		t.Error("any mode is taken")
	}
}
