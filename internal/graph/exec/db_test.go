package exec_test

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

type execOptions = exec.Options

// conn is where the operations of a test run.
func conn(o execOptions) exec.Conn { return o.DB.Read(context.Background()) }

// counting counts the statements.
type counting struct {
	exec.Conn
	queries int
}

func (c *counting) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	c.queries++
	return c.Conn.Query(ctx, sql, args...)
}
