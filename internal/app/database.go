package app

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/local"

	"github.com/jackc/pgx/v5/pgxpool"
)

// StateDir is where a project keeps what is nobody's source: the local database, logs, the running session.
func (a *App) StateDir() string { return filepath.Join(a.Config.Root, ".krowoc") }

// Database is an open database with whatever had to be started to reach it.
type Database struct {
	*pgxpool.Pool
	URL    string
	server dev.Postgres // nil unless it was started for this process
}

// Started reports whether a server was started for this process, which ends with it.
func (d *Database) Started() bool { return d.server != nil }

// Close closes the pool and stops the server that was started for it.
func (d *Database) Close(ctx context.Context) error {
	d.Pool.Close()
	if d.server == nil {
		return nil
	}
	return d.server.Stop(context.WithoutCancel(ctx))
}

// Open opens the environment's database: the configured one; else, in development and test, the local
// Postgres, of the running session if there is one and otherwise started until Close.
func (a *App) Open(ctx context.Context, progress func(local.Progress)) (*Database, error) {
	url, server, err := a.locate(ctx, progress)
	if err != nil {
		return nil, err
	}
	pool, err := a.Connect(ctx, url)
	if err != nil {
		if server != nil {
			_ = server.Stop(context.WithoutCancel(ctx))
		}
		return nil, err
	}
	return &Database{Pool: pool, URL: url, server: server}, nil
}

func (a *App) locate(ctx context.Context, progress func(local.Progress)) (string, dev.Postgres, error) {
	if url := a.Config.Database.URL.Reveal(); url != "" {
		a.AnnounceDatabase(url)
		return url, nil, nil
	}
	if !a.local() {
		return "", nil, fault.New(fault.Invalid, "find the database of "+a.Config.Environment, "database.url is not set",
			"Set KROWOC_DATABASE_URL, or database.url under environments."+a.Config.Environment+" in krowoc.yaml, or choose another environment with --env.")
	}
	switch state, err := dev.Find(a.StateDir()); {
	case err == nil && state.DatabaseURL != "":
		a.AnnounceDatabase(state.DatabaseURL)
		return state.DatabaseURL, nil, nil
	case err == nil:
		return "", nil, fault.New(fault.Unavailable, "find the local database", "the development session is still starting",
			"Try again in a moment, or see `krowoc dev logs`.")
	case fault.CodeOf(err) != fault.NotFound:
		return "", nil, err
	}
	a.announceLocal()
	server, err := a.startPostgres(ctx, a.Logger, progress)
	if err != nil {
		return "", nil, err
	}
	if b := a.newBranches(server.URL("postgres")); b != nil {
		if _, err := b.Follow(ctx); err != nil {
			return "", nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
		}
	}
	return server.URL(a.Config.Project), server, nil
}

// local reports whether the environment may run a Postgres of its own.
func (a *App) local() bool {
	return a.Config.Environment == config.Development || a.Config.Environment == config.Test
}

func (a *App) localPostgres(progress func(local.Progress)) local.Options {
	return local.Options{
		DataDir:  dev.DataDir(a.StateDir()),
		Major:    a.Config.Database.Postgres,
		Logger:   a.Logger,
		Progress: progress,
		Env:      a.Env,
		// A development database may lose the last moments before a power cut, and is faster for it.
		Settings: map[string]string{"synchronous_commit": "off"},
	}
}
