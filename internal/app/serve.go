package app

import (
	"context"
	"errors"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/lifecycle"
	"github.com/krowoc/krowoc/internal/pg"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Serve runs the production server until ctx ends, then drains it. Postgres need not be up: the server
// starts, is not ready, and serves as soon as Postgres answers.
func (a *App) Serve(ctx context.Context) (err error) {
	s, err := a.Schema()
	if err != nil {
		return err
	}
	pool, stop, err := a.Pool(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	srv, err := a.NewServer(pool, s, a.Logger)
	if err != nil {
		return err
	}
	t := a.Config.Server.Timeouts
	return lifecycle.New(a.Logger, lifecycle.Part{
		Name: "server", Start: srv.Start, Stop: srv.Stop, Wait: srv.Wait, StopTimeout: t.DrainDelay + t.Shutdown + time.Second,
	}).Run(ctx)
}

// Pool opens a pool that need not reach Postgres yet: to the configured database, else to the local one,
// started where it does not run. The function ends both.
func (a *App) Pool(ctx context.Context) (*pgxpool.Pool, func() error, error) {
	if url := a.Config.Database.URL.Reveal(); url != "" {
		pool, err := pg.Open(ctx, a.poolOptions(url))
		if err != nil {
			return nil, nil, fault.Wrap("serve", err)
		}
		return pool, func() error { pool.Close(); return nil }, nil
	}
	db, err := a.Open(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	return db.Pool, func() error { return db.Close(ctx) }, nil
}
