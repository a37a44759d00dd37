package app

import (
	"context"
	"errors"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/lifecycle"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Serve runs the production server until ctx ends, then drains it. The server also starts while Postgres is down. It is then not ready,
// and becomes ready as soon as Postgres responds.
func (a *App) Serve(ctx context.Context) error {
	a.Logger.Info("starting", "environment", a.Config.Environment, "version", a.Version)
	s, err := a.Schema()
	if err != nil {
		return err
	}
	pool, closePool, err := a.Pool(ctx)
	if err != nil {
		return err
	}
	parts, err := a.parts(pool, s)
	if err != nil {
		return errors.Join(err, closePool())
	}
	database := lifecycle.Part{Name: "database", Stop: func(context.Context) error { return closePool() }}
	return lifecycle.New(a.Logger, append([]lifecycle.Part{database}, parts...)...).Run(ctx)
}

// parts returns the parts of a production server in start order. The HTTP server is the last one, so that background work is ready before
// the first request and ends after the last one.
func (a *App) parts(pool *pgxpool.Pool, s *schema.Schema) ([]lifecycle.Part, error) {
	srv, err := a.NewServer(pool, s, a.Logger, a.serveOptions())
	if err != nil {
		return nil, err
	}
	t := a.Config.Server.Timeouts
	return []lifecycle.Part{
		{Name: "schema " + own.Schema, Start: func(ctx context.Context) error { a.reportOwnSchema(ctx, pool); return nil }},
		{Name: "server", Start: srv.Start, Stop: srv.Stop, Wait: srv.Wait, StopTimeout: t.DrainDelay + t.Shutdown + time.Second},
	}, nil
}

// ownSchemaTimeout limits the check of a database that may be down. The server starts without it.
const ownSchemaTimeout = 2 * time.Second

// reportOwnSchema logs an error if the Postgres schema krowoc is older than this release requires. The server is then not ready. It does
// not migrate the schema itself, since its database role may not have the permission.
func (a *App) reportOwnSchema(ctx context.Context, pool *pgxpool.Pool) {
	ctx, cancel := context.WithTimeout(ctx, ownSchemaTimeout)
	defer cancel()
	version, err := own.Check(ctx, pool)
	switch code := fault.CodeOf(err); {
	case code == fault.Conflict || code == fault.Forbidden:
		a.Logger.Error("not ready: "+err.Error(), "fix", fault.HintOf(err))
	case err == nil && version > own.Latest():
		a.Logger.Warn("the schema "+own.Schema+" was migrated by a newer release", "version", version, "expected", own.Latest())
	}
}

// serveOptions returns the options of the production server, which are the same in every environment. It does not trust claims without
// proof.
func (a *App) serveOptions() ServerOptions {
	return ServerOptions{ProbeAddress: a.Config.Server.ProbeAddress}
}

// Pool opens a pool without waiting for Postgres. It connects to the configured database, or to the local one, which it starts if
// necessary. The returned function closes both.
func (a *App) Pool(ctx context.Context) (*pgxpool.Pool, func() error, error) {
	if url := a.Config.Database.URL.Reveal(); url != "" {
		a.AnnounceDatabase(url)
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
