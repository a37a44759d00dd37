package seed_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A row without a name is found by a unique value, and keeps the id that it has.
func TestFoundByUniqueValue(t *testing.T) {
	pool := database(t)
	testkit.Exec(t, pool, `INSERT INTO users VALUES ('00000000-0000-0000-0000-00000000000a', 'ada@example.com', 'A.', 'FREE', '', '{}', NULL, now(), now())`)
	text := "users:\n  - {email: ada@example.com, name: Ada}\n  - {email: bob@example.com, name: Bob}\n"
	wantTotal(t, load(t, pool, text), 1, 1, 0)
	wantTotal(t, load(t, pool, text), 0, 0, 2)
	if got := testkit.Value(t, pool, "SELECT id FROM users WHERE name = 'Ada'"); got != "00000000-0000-0000-0000-00000000000a" {
		t.Errorf("the id is %s", got)
	}
}

func TestKeyWrittenOut(t *testing.T) {
	pool := database(t)
	load(t, pool, `
users:
	- { id: 00000000-0000-0000-0000-00000000000b, email: b@example.com, name: B, manager: 00000000-0000-0000-0000-00000000000a }
	- { id: 00000000-0000-0000-0000-00000000000A, email: a@example.com, name: A }
`)
	wantTotal(t, load(t, pool, "users:\n  c: {email: c@example.com, name: C, manager: 00000000-0000-0000-0000-00000000000b}\n"), 1, 0, 0)
	if got := testkit.Value(t, pool, "SELECT string_agg(m.name, '' ORDER BY u.name) FROM users u JOIN users m ON m.id = u.manager_id"); got != "AB" {
		t.Errorf("the managers are %s", got)
	}
}

func TestMergedRows(t *testing.T) {
	pool := database(t)
	load(t, pool, `
users:
	ada: &person { email: ada@example.com, name: Ada, tier: TEAM, tags: &tags [x] }
	bob: { <<: *person, email: bob@example.com, name: Bob }
	cy: { <<: [{ name: Cy, bio: text }, *person], email: cy@example.com, tags: *tags }
`)
	want := "Ada TEAM {x} new here, Bob TEAM {x} new here, Cy TEAM {x} text"
	if got := testkit.Value(t, pool, "SELECT string_agg(concat_ws(' ', name, tier, tags, bio), ', ' ORDER BY name) FROM users"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The next number that the application draws is past those of the fixtures.
func TestSequences(t *testing.T) {
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, `
		CREATE TABLE "Odd ""Name" (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);
		CREATE TABLE others (n serial PRIMARY KEY, title text)`)
	o := options(t, pool, files("dev/a.yaml", "Odd:\n  - {n: 41, title: x}\n  - {n: 7, title: y}\nothers:\n  - {n: -5, title: z}\n"))
	o.Schema = parse(t, `
		type Odd @table(name: "Odd \"Name", key: ["n"]) @auth(rules: []) { n: Int64! title: String }
		type Other @table(key: ["n"]) @auth(rules: []) { n: Int! title: String }`)
	for _, inserted := range []int{3, 0} {
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		wantTotal(t, summary, inserted, 0, 3-inserted)
	}
	for sql, want := range map[string]string{
		`SELECT nextval(pg_get_serial_sequence('"Odd ""Name"', 'n'))`: "42",
		`SELECT nextval('others_n_seq')`:                              "1",
	} {
		if got := testkit.Value(t, pool, sql); got != want {
			t.Errorf("%s: got %s, want %s", sql, got, want)
		}
	}
}

// A key of an ID and a time, a partitioned table, references that share a column, json without equality.
func TestCompositeKeys(t *testing.T) {
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, `
		CREATE TABLE runs (id uuid, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
		CREATE TABLE runs_2026 PARTITION OF runs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
		CREATE TABLE steps (run_id uuid, run_at timestamptz, n int, payload json, PRIMARY KEY (run_id, run_at, n),
			FOREIGN KEY (run_id, run_at) REFERENCES runs);
		CREATE TABLE notes (id uuid PRIMARY KEY, step_run_id uuid, step_run_at timestamptz, step_n int, text text,
			FOREIGN KEY (step_run_id, step_run_at, step_n) REFERENCES steps)`)
	o := options(t, pool, nil)
	o.Schema = parse(t, `
		type Run @table(key: ["id", "at"]) @auth(rules: []) { id: ID! @default(expr: "uuidV7()") at: DateTime! }
		type Step @table(key: ["run", "n"]) @auth(rules: []) { run: Run! n: Int! payload: JSON @col(dataType: "json") }
		type Note @table @auth(rules: []) { step: Step text: String }`)
	o.FS = files("dev/a.yaml", `
notes:
	first: { step: $steps.one, text: x }
steps:
	one: { run: $runs.jan, n: 1, payload: {z: 1, a: [2]} }
	two: { run: $Run.jan, n: 2 }
runs:
	jan: { at: 2026-01-05 }
	feb: { at: 2026-02-05 }
`)
	for _, inserted := range []int{5, 0} {
		summary, err := seed.Load(t.Context(), o)
		if err != nil {
			t.Fatal(explain(err))
		}
		wantTotal(t, summary, inserted, 0, 5-inserted)
	}
	if got := testkit.Value(t, pool, "SELECT payload FROM notes JOIN steps ON (run_id, run_at, n) = (step_run_id, step_run_at, step_n) JOIN runs ON (runs.id, at) = (run_id, run_at)"); got != `{"z":1,"a":[2]}` {
		t.Errorf("got %s", got)
	}
}

// A reference made of fields of the row's own (@ref(fields:)) sets those fields.
func TestReferenceThroughFields(t *testing.T) {
	pool := testkit.NewDatabase(t)
	testkit.Exec(t, pool, `
		CREATE TABLE tenants (id uuid PRIMARY KEY, name text);
		CREATE TABLE docs (tenant_id uuid, slug text, parent_slug text, PRIMARY KEY (tenant_id, slug),
			FOREIGN KEY (tenant_id) REFERENCES tenants, FOREIGN KEY (tenant_id, parent_slug) REFERENCES docs)`)
	o := options(t, pool, nil)
	o.Schema = parse(t, `
		type Tenant @table @auth(rules: []) { name: String }
		type Doc @table(key: ["tenantId", "slug"]) @auth(rules: []) {
			tenantId: ID! slug: String! parentSlug: String
			tenant: Tenant! @ref(fields: ["tenantId"])
			parent: Doc @ref(fields: ["tenantId", "parentSlug"])
		}`)
	o.FS = files("dev/a.yaml", `
docs:
	leaf: { slug: leaf, parent: $docs.root }
	both: { slug: both, tenant: $tenants.acme, parent: $docs.root }
	root: { slug: root, tenant: $tenants.acme, parent: null }
tenants:
	acme: { name: Acme }
	other: { name: Other }
`)
	if _, err := seed.Load(t.Context(), o); err != nil {
		t.Fatal(explain(err))
	}
	if got := testkit.Value(t, pool, "SELECT string_agg(slug || coalesce('<' || parent_slug, ''), ' ' ORDER BY slug) FROM docs"); got != "both<root leaf<root root" {
		t.Errorf("got %s", got)
	}

	o.FS = files("dev/a.yaml", `
docs:
	root: { slug: root, tenant: $tenants.acme }
	lost: { slug: lost, tenant: $tenants.other, parent: $docs.root }
	gone: { slug: lost, tenant: $tenants.acme, parent: $docs.nowhere }
tenants:
	acme: { name: Acme }
	other: { name: Other }
`)
	_, err := seed.Load(t.Context(), o)
	text := explain(err)
	for _, want := range []string{"a.yaml:4:55: error: another field of docs.lost sets the column tenant_id to a different value", "a.yaml:5:54: error: there is no row $docs.nowhere"} {
		if !strings.Contains(text, want) || strings.Count(text, "error:") != 2 {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
