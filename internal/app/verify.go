package app

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/request"
)

// verifyTimeout is how long the check of the SQL in a schema may take.
const verifyTimeout = 10 * time.Second

// verify checks the SQL that the schema contains against the database. A database that does not answer is no mistake of the schema: readiness tells.
func (a *App) verify(pool *pgxpool.Pool, api *graph.API) error {
	if len(api.Probes()) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), verifyTimeout)
	defer cancel()
	conn, err := pool.Acquire(ctx)
	if err == nil {
		defer conn.Release()
		err = exec.Verify(ctx, conn.Conn(), api)
	}
	if fault.CodeOf(err) == fault.Invalid {
		return err
	}
	if err != nil {
		a.Logger.Warn("the SQL of the schema was not checked", request.FieldError, err)
	}
	return nil
}
