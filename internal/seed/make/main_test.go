package make_test

import (
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// clock is the request.time of every load in these tests.
var clock = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

func parse(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if s == nil {
		t.Fatal(mistakes)
	}
	return s
}

// making returns options that load a file, and make rows.
func making(_ testing.TB, pool *pgxpool.Pool, s *schema.Schema, text string, counts ...seed.Count) seed.Options {
	return seed.Options{DB: pool, Schema: s, FS: fstest.MapFS{"dev/a.yaml": {Data: []byte(text)}}, Sets: []string{"dev"},
		Now: func() time.Time { return clock }, Generate: counts}
}

func must(t testing.TB) func(s seed.Summary, err error) seed.Summary {
	return func(s seed.Summary, err error) seed.Summary {
		t.Helper()
		if err != nil {
			t.Fatal(explain(err))
		}
		return s
	}
}

// explain is an error with the mistakes that it wraps.
func explain(err error) string {
	var list diag.List
	if errors.As(err, &list) {
		return err.Error() + "\n" + list.Error()
	}
	return err.Error()
}

// counts is how many rows the tables hold altogether.
func counts(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	return testkit.Value(t, pool, `SELECT sum((xpath('//n/text()', query_to_xml('SELECT count(*) AS n FROM ' || oid::regclass, false, true, '')))[1]::text::int)
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`)
}
