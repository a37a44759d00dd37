package seeds_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/seed"
	"github.com/krowoc/krowoc/internal/testkit"
	"github.com/krowoc/krowoc/seeds"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// platform is a database with every migration applied and every fixture loaded.
func platform(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return testkit.NewDatabase(t, testkit.Template(t, "platform", func(ctx context.Context, pool *pgxpool.Pool) error {
		if err := up(ctx, pool); err != nil {
			return err
		}
		if _, err := load(ctx, pool, types(t)); err != nil {
			return err
		}
		_, err := pool.Exec(ctx, "ANALYZE")
		return err
	}))
}

// up applies every migration.
func up(ctx context.Context, pool *pgxpool.Pool) error {
	migrator, err := migrate.New(migrate.Options{DB: pool, FS: os.DirFS("../migrations")})
	if err != nil {
		return err
	}
	_, err = migrator.Up(ctx)
	return err
}

// types is the schema of the platform.
func types(t testing.TB) *schema.Schema {
	t.Helper()
	sources, err := sdl.ReadFS(os.DirFS(".."), "schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, mistakes := sdl.Parse(sources...)
	if s == nil {
		t.Fatal(mistakes)
	}
	return s
}

// load loads every fixture. An error comes with the mistakes that it wraps.
func load(ctx context.Context, pool *pgxpool.Pool, s *schema.Schema) (seed.Summary, error) {
	now := func() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) }
	summary, err := seed.Load(ctx, seed.Options{DB: pool, Schema: s, FS: seeds.FS, Sets: []string{"common", "dev"}, Now: now})
	var mistakes diag.List
	if errors.As(err, &mistakes) {
		err = errors.Join(err, mistakes)
	}
	return summary, err
}
