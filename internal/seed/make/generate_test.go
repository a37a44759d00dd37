package make_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/seed/ledger"
	"github.com/krowoc/krowoc/internal/testkit"
)

// built returns a database with the tables of a schema, after what they need has been made by hand.
func built(t testing.TB, s *schema.Schema, byHand ...string) *pgxpool.Pool {
	t.Helper()
	pool := testkit.NewDatabase(t)
	statements, err := ddl.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range slices.Concat(byHand, []string{ddl.CreateUUIDFunction}, statements) {
		testkit.Exec(t, pool, sql)
	}
	if err := ledger.Ensure(t.Context(), pool); err != nil { // as migrate up does
		t.Fatal(err)
	}
	return pool
}

func everything(t testing.TB) *schema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/everything.graphql")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

// TestFillsAnySchema makes rows for a schema of which nothing is said: every type, constraint and shape of reference.
func TestFillsAnySchema(t *testing.T) {
	s := everything(t)
	pool := built(t, s)
	const rows = 300
	summary := must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
	few := map[string]int64{"settings": 3, "flags": 6} // whose keys have no more values
	for _, made := range summary.Generated {
		want := int64(rows)
		if n, ok := few[made.Table]; ok {
			want = n
		}
		if got := testkit.Value(t, pool, "SELECT count(*) FROM "+made.Table); made.Rows != want || got != fmt.Sprint(want) {
			t.Errorf("%s has %s rows; %+v", made.Table, got, made)
		}
	}
	if len(summary.Generated) != len(s.Tables) {
		t.Errorf("%d of %d tables were filled", len(summary.Generated), len(s.Tables))
	}
	again := must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
	for _, made := range again.Generated {
		if made.Rows != 0 {
			t.Errorf("again: %+v", made)
		}
	}
	more := must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows + 50})))
	if i := slices.IndexFunc(more.Generated, func(m seed.Made) bool { return m.Table == "people" }); more.Generated[i].Rows != 50 {
		t.Errorf("more: %+v", more.Generated[i])
	}
	other := making(t, pool, s, "", seed.Count{Rows: 20})
	other.RandomSeed = 7
	must(t)(seed.Load(t.Context(), other))
	if got := testkit.Value(t, pool, "SELECT count(*) FROM people"); got != fmt.Sprint(rows+50+20) {
		t.Errorf("with another seed there are %s people", got)
	}
	if got := testkit.Value(t, pool, "SELECT count(DISTINCT lead_id) > 1 AND count(*) FILTER (WHERE lead_id IS NULL) > 0 FROM people"); got != "true" {
		t.Error("people lead nobody")
	}
}

// contents are the rows of all tables as text.
func contents(t testing.TB, pool *pgxpool.Pool, s *schema.Schema) string {
	t.Helper()
	var b strings.Builder
	for _, typ := range s.Tables {
		fmt.Fprintln(&b, typ.Table, testkit.Value(t, pool, fmt.Sprintf("SELECT string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\") FROM %s AS t", typ.Table)))
	}
	return b.String()
}

// TestSameRowsEverywhere holds rows to a golden file: the same random seed makes the same rows on every machine, on any number of cores.
func TestSameRowsEverywhere(t *testing.T) {
	s := everything(t)
	seen := map[string]string{}
	for name, set := range map[string]func(o *seed.Options){
		"one core": func(*seed.Options) { runtime.GOMAXPROCS(1) },
		"cores":    func(*seed.Options) { runtime.GOMAXPROCS(4) },
		"another":  func(o *seed.Options) { o.RandomSeed = 1 },
	} {
		cores := runtime.GOMAXPROCS(0)
		pool := built(t, s)
		o := making(t, pool, s, "", seed.Count{Rows: 12}, seed.Count{Type: "Person", Rows: 5000})
		set(&o)
		must(t)(seed.Load(t.Context(), o))
		testkit.Exec(t, pool, "DELETE FROM people WHERE id NOT IN (SELECT id FROM people ORDER BY id LIMIT 12) AND false")
		seen[name] = contents(t, pool, s)
		runtime.GOMAXPROCS(cores)
	}
	if seen["one core"] != seen["cores"] {
		t.Error("the rows depend on the number of cores")
	}
	if seen["one core"] == seen["another"] {
		t.Error("another random seed makes the same rows")
	}
	lines := strings.Split(seen["cores"], "\n")
	var few []string
	for i := 0; i < len(lines); i += 1 + len(lines)/150 {
		few = append(few, lines[i])
	}
	testkit.Golden(t, "testdata/everything.golden", []byte(strings.Join(few, "\n")))
}

// TestCreatedByDefault makes createdAt where the database would write the time of the load, and updatedAt after it.
func TestCreatedByDefault(t *testing.T) {
	s := parse(t, `type Doc @table { id: Int! createdAt: DateTime! @default(sql: "CURRENT_TIMESTAMP") updatedAt: DateTime! }`)
	pool := built(t, s)
	must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 20})))
	if got := testkit.Value(t, pool, "SELECT count(DISTINCT created_at) > 10 AND bool_and(created_at <= updated_at) FROM docs"); got != "true" {
		t.Error(got)
	}
}
