package app

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/schema"
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

// CheckSQL returns what is wrong with the SQL in a schema, on a scratch database with the migrations of the project.
func (a *App) CheckSQL(ctx context.Context, server *scratch.Server, s *schema.Schema) (list diag.List, err error) {
	api, err := a.API(s)
	if err != nil || len(api.Probes()) == 0 {
		return nil, err
	}
	db, drop, err := a.MigratedDatabase(ctx, server)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	conn, err := db.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	if list, err = exec.MistakesInSQL(ctx, conn.Conn(), api); err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Remedy = "correct the SQL, or write the migration that it needs with `krowoc migrate diff NAME`"
	}
	return list, nil
}

// HasSQL reports whether a schema contains SQL that needs a database to be checked.
func (a *App) HasSQL(s *schema.Schema) (bool, error) {
	api, err := a.API(s)
	return err == nil && len(api.Probes()) > 0, err
}
