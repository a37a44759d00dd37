package dump_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/seed/dump"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var key = []byte("a key for the tests alone")

func parse(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if s == nil {
		t.Fatal(mistakes)
	}
	return s
}

func library(t testing.TB) *schema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/library.graphql")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

// database returns a database with the enums of a schema, then what is before its tables, and its tables.
func database(t testing.TB, s *schema.Schema, before ...string) *pgxpool.Pool {
	t.Helper()
	pool := testkit.NewDatabase(t)
	statements, err := ddl.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, pool, "CREATE FUNCTION uuid_generate_v7() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'")
	testkit.Exec(t, pool, strings.Join(slices.Insert(statements, len(s.Enums), before...), ";\n"))
	return pool
}

// options dump all of a database to a new folder.
func options(t testing.TB, pool *pgxpool.Pool, s *schema.Schema) dump.Options {
	return dump.Options{DB: pool, Schema: s, Children: 100, Depth: 1, MaskKey: key, Out: filepath.Join(t.TempDir(), "seeds", "dumped"), Name: "seeds/dumped"}
}

// dumped dumps and wants no error.
func dumped(t testing.TB, o dump.Options) dump.Summary {
	t.Helper()
	summary, err := dump.Dump(t.Context(), o)
	if err != nil {
		t.Fatal(explain(err))
	}
	return summary
}

// refused dumps and wants an error, of which every part is given; nothing is written.
func refused(t testing.TB, o dump.Options, code fault.Code, want string) {
	t.Helper()
	_, err := dump.Dump(t.Context(), o)
	if fault.CodeOf(err) != code || !strings.Contains(explain(err), want) {
		t.Errorf("got %s: %s\nwant %s: %s", fault.CodeOf(err), explain(err), code, want)
	}
	if entries, _ := filepath.Glob(filepath.Join(filepath.Dir(o.Out), "*")); len(entries) > 0 && !o.Overwrite {
		t.Errorf("there is %v", entries)
	}
}

func explain(err error) string {
	if err == nil {
		return "no error"
	}
	text := err.Error() + "\n" + fault.HintOf(err)
	var list diag.List
	if errors.As(err, &list) {
		text += "\n" + list.Error()
	}
	return text
}

// load loads a dump and says what that changed.
func load(t testing.TB, pool *pgxpool.Pool, s *schema.Schema, o dump.Options) string {
	t.Helper()
	summary, err := seed.Load(t.Context(), seed.Options{DB: pool, Schema: s, FS: os.DirFS(filepath.Dir(o.Out)), Sets: []string{filepath.Base(o.Out)}, Now: time.Now})
	if err != nil {
		t.Fatal(explain(err) + "\n" + files(t, o.Out))
	}
	total := summary.Total()
	return fmt.Sprintf("%d inserted, %d updated, %d unchanged", total.Inserted, total.Updated, total.Unchanged)
}

// content is all rows of all tables as texts.
func content(t testing.TB, pool *pgxpool.Pool, s *schema.Schema) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, typ := range s.Tables {
		rows, err := pool.Query(t.Context(), fmt.Sprintf("SELECT t::text FROM %q AS t ORDER BY 1", typ.Table))
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			all[typ.Table] = append(all[typ.Table], text)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
	}
	return all
}

// files is the text of all files of a folder.
func files(t testing.TB, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "-- %s --\n%s", filepath.Base(name), text)
	}
	return all.String()
}

// roundTrip loads a dump into another database, twice, and compares all rows.
func roundTrip(t testing.TB, pool *pgxpool.Pool, s *schema.Schema, o dump.Options, before ...string) {
	t.Helper()
	n := dumped(t, o).Rows()
	to := database(t, s, before...)
	for _, want := range []string{fmt.Sprintf("%d inserted, 0 updated, 0 unchanged", n), fmt.Sprintf("0 inserted, 0 updated, %d unchanged", n)} {
		if got := load(t, to, s, o); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if diff := cmp.Diff(content(t, pool, s), content(t, to, s)); diff != "" {
		t.Errorf("rows (-source +loaded):\n%s\n%s", diff, files(t, o.Out))
	}
}
