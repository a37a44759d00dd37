package seed_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
)

// repository is the folder of the prompt platform, whose fixtures the benchmarks load.
const repository = "../.."

// platform returns options for the prompt platform's own fixtures.
func platform(t testing.TB, pool *pgxpool.Pool) seed.Options {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "schema.graphql"))
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, pool, os.DirFS(filepath.Join(repository, "seeds")))
	o.Schema = parse(t, string(text))
	o.Sets = []string{"common", "dev"}
	return o
}

// migrated returns a database with the prompt platform's tables, empty.
func migrated(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := testkit.NewDatabase(t)
	files, err := fs.Glob(os.DirFS(repository), "migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		testkit.Exec(t, pool, up)
	}
	return pool
}

// TestPlatform loads the fixtures of the prompt platform twice.
func TestPlatform(t *testing.T) {
	pool := migrated(t)
	first, err := seed.Load(t.Context(), platform(t, pool))
	if err != nil {
		t.Fatal(explain(err))
	}
	again, err := seed.Load(t.Context(), platform(t, pool))
	if err != nil {
		t.Fatal(explain(err))
	}
	wantTotal(t, again, 0, 0, first.Total().Inserted)
}

// BenchmarkPlatform measures the prompt platform's fixtures: reading and checking them, loading them into
// empty tables, and loading them again.
func BenchmarkPlatform(b *testing.B) {
	b.Run("read", func(b *testing.B) {
		o := platform(b, noDatabase(b))
		for b.Loop() {
			if _, err := seed.Load(b.Context(), o); fault.CodeOf(err) != fault.Unavailable {
				b.Fatal(explain(errors.Join(err)))
			}
		}
	})
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			o := platform(b, migrated(b))
			b.StartTimer()
			if _, err := seed.Load(b.Context(), o); err != nil {
				b.Fatal(explain(err))
			}
		}
	})
	b.Run("again", func(b *testing.B) {
		o := platform(b, migrated(b))
		if _, err := seed.Load(b.Context(), o); err != nil {
			b.Fatal(explain(err))
		}
		for b.Loop() {
			if _, err := seed.Load(b.Context(), o); err != nil {
				b.Fatal(explain(err))
			}
		}
	})
}

// BenchmarkGenerate makes 100,000 executions and loads them into an empty table.
func BenchmarkGenerate(b *testing.B) {
	pool := migrated(b)
	o := platform(b, pool)
	o.FS = files("demo/executions.yaml", `
generate:
  Provider: 3
  Model: 10
  User: 100
  Prompt: 100
  Execution:
    count: 100_000
    prompt: {pick: $prompts, weighted: zipf}
    version: null
    startedAt: {between: [-90d, now], daily: business-hours}
    cost: {normal: [0.02, 0.01], min: 0}
    status: {weights: {SUCCEEDED: 95, FAILED: 5}}
    error: {value: "429: too many requests"}
`)
	o.Sets = []string{"demo"}
	for b.Loop() {
		if _, err := seed.Load(b.Context(), o); err != nil {
			b.Fatal(explain(err))
		}
		b.StopTimer()
		testkit.Exec(b, pool, "TRUNCATE executions")
		b.StartTimer()
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
