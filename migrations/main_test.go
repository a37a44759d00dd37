package migrations_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// migrator works on the files of this folder.
func migrator(pool *pgxpool.Pool) (*migrate.Migrator, error) {
	return migrate.New(migrate.Options{DB: pool, FS: os.DirFS(".")})
}

// platform is a database with every migration applied, two users and a public prompt.
func platform(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return testkit.NewDatabase(t, testkit.Template(t, "platform", func(ctx context.Context, pool *pgxpool.Pool) error {
		m, err := migrator(pool)
		if err != nil {
			return err
		}
		if _, err := m.Up(ctx); err != nil {
			return err
		}
		_, err = pool.Exec(ctx, `
			INSERT INTO users (id, email, name) VALUES ('ada', 'ada@example.com', 'Ada'), ('bob', 'bob@example.com', 'Bob');
			INSERT INTO prompts (title, body, category, visibility, status, owner_id)
			VALUES ('Summary', 'Summarise {{text}}', 'WRITING', 'PUBLIC', 'PUBLISHED', 'ada');
			INSERT INTO prompt_versions (prompt_id, number, title, body, author_id)
			SELECT id, 1, title, body, 'bob' FROM prompts`)
		return err
	}))
}
