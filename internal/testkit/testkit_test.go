package testkit_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestDatabasesAreIsolated(t *testing.T) {
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			pool := testkit.NewDatabase(t, testkit.Template(t, "widgets", func(ctx context.Context, pool *pgxpool.Pool) error {
				_, err := pool.Exec(ctx, "CREATE TABLE widgets (id int PRIMARY KEY)")
				return err
			}))
			if _, err := pool.Exec(t.Context(), "INSERT INTO widgets VALUES (1)"); err != nil {
				t.Error(err)
			}
		})
	}
}
