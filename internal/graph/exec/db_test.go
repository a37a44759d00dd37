package exec_test

import (
	"context"

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
