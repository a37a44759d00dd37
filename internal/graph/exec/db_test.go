package exec_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

type execOptions = exec.Options

// counting counts the statements.
type counting struct {
	exec.DB
	queries int
}

func (c *counting) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	c.queries++
	return c.DB.Query(ctx, sql, args...)
}

// execSQL runs a statement that prepares a test.
func execSQL(t testing.TB, db exec.DB, sql string) {
	t.Helper()
	rows, err := db.Query(t.Context(), sql)
	if err == nil {
		rows.Close()
		err = rows.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
}
