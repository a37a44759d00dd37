package seed_test

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/seed/ledger"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// clock is the request.time of every load in these tests.
var clock = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// team parses testdata/team.graphql, the schema of these tests.
func team(t testing.TB) *schema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/team.graphql")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func parse(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if s == nil {
		t.Fatal(mistakes)
	}
	return s
}

// database returns a database with the tables of testdata/team.sql.
func database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := testkit.NewDatabase(t)
	text, err := os.ReadFile("testdata/team.sql")
	if err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, pool, string(text))
	return pool
}

// files makes a seeds folder of pairs of name and text.
func files(pairs ...string) fs.FS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(pairs[i+1], "\t", "  "))}
	}
	return fsys
}

// options loads the set dev of fsys.
func options(t testing.TB, pool *pgxpool.Pool, fsys fs.FS) seed.Options {
	return seed.Options{DB: pool, Schema: team(t), FS: fsys, Sets: []string{"dev"}, Now: func() time.Time { return clock }}
}

// load loads a single file of the set dev and wants no error.
func load(t testing.TB, pool *pgxpool.Pool, text string) seed.Summary {
	t.Helper()
	summary, err := seed.Load(t.Context(), options(t, pool, files("dev/a.yaml", text)))
	if err != nil {
		t.Fatal(explain(err))
	}
	return summary
}

// fails loads a single file of the set dev and wants an error, whose whole text it returns.
func fails(t testing.TB, pool *pgxpool.Pool, text string) (string, error) {
	t.Helper()
	summary, err := seed.Load(t.Context(), options(t, pool, files("dev/a.yaml", text)))
	if err == nil {
		t.Fatalf("loaded: %s", summary)
	}
	return explain(err), err
}

// explain is an error with the mistakes that it wraps.
func explain(err error) string {
	var list diag.List
	if errors.As(err, &list) {
		return err.Error() + "\n" + list.Error()
	}
	return err.Error()
}

// wantTotal compares the counts of a load.
func wantTotal(t testing.TB, s seed.Summary, inserted, updated, unchanged int) {
	t.Helper()
	want := seed.TableSummary{Inserted: inserted, Updated: updated, Unchanged: unchanged}
	if got := s.Total(); got != want {
		t.Errorf("got %+v, want %+v (%+v)", got, want, s.Tables)
	}
}

// counts is how many rows the tables hold altogether.
func counts(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	return testkit.Value(t, pool, `SELECT sum((xpath('//n/text()', query_to_xml('SELECT count(*) AS n FROM ' || oid::regclass, false, true, '')))[1]::text::int)
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`)
}

// noDatabase returns a pool that cannot connect.
func noDatabase(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), pg.Options{URL: "postgres://nobody@127.0.0.1:1/none"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// keyedByItself is a schema that sdl refuses: a type whose key is a reference to the type itself.
func keyedByItself() *schema.Schema {
	node := &schema.Type{Name: "Node", Table: "nodes"}
	next := &schema.Field{Name: "next", Owner: node, Column: "next_id", Type: schema.FieldType{Object: node, NonNull: true}}
	next.Relation = &schema.Relation{Kind: schema.RefOne, Target: node, Columns: []string{"next_id"}, References: []*schema.Field{next}}
	node.Fields, node.Key = []*schema.Field{next}, []*schema.Field{next}
	return schema.New([]*schema.Type{node}, nil, nil)
}

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
