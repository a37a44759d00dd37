package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/docker"
	"github.com/krowoc/krowoc/internal/pg/local"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Engine is how a server is run.
type Engine string

// The engines.
const (
	Native Engine = "native" // Postgres's own programs, of this machine or fetched
	Docker Engine = "docker" // the official image
)

// ScratchOptions say where scratch databases are made.
type ScratchOptions struct {
	Engine   Engine
	URL      string // of a server of somebody else's; empty starts one
	InMemory bool   // keep the data of one that is started in memory, where there is room
	Progress func(local.Progress)
}

// Scratch is a Postgres on which databases are made, used and dropped.
type Scratch struct {
	app    *App
	server scratchServer // nil for a server of somebody else's
	url    string        // of a database in which others can be made
	quiet  bool          // what is tried is nothing for the server's log, which people read
}

type scratchServer interface {
	URL(database string) string
	Stop(ctx context.Context) error
}

// Scratch starts a Postgres of the version that the project asks for and that leaves nothing behind; or, with a URL,
// uses that server, on which it makes databases of its own.
func (a *App) Scratch(ctx context.Context, o ScratchOptions) (*Scratch, error) {
	if o.URL != "" {
		return &Scratch{app: a, url: o.URL}, nil
	}
	server, err := a.scratchServer(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Scratch{app: a, server: server, url: server.URL("postgres")}, nil
}

func (a *App) scratchServer(ctx context.Context, o ScratchOptions) (scratchServer, error) {
	switch o.Engine {
	case Native:
		settings := a.localPostgres(o.Progress)
		settings.DataDir, settings.Ephemeral, settings.Settings, settings.Logger = "", true, nil, nil
		settings.InMemory = o.InMemory
		return local.Start(ctx, settings)
	case Docker:
		return docker.Start(ctx, docker.Options{Image: docker.Image(a.Config.Database.Postgres), Logger: a.Logger, Guard: a.guarded})
	default:
		return nil, fault.New(fault.Invalid, "start a scratch Postgres", fmt.Sprintf("there is no engine %q", o.Engine), "native or docker")
	}
}

// Own reports whether the server is ours alone, so that roles may be made on it.
func (s *Scratch) Own() bool { return s.server != nil }

// Close ends a server that was started.
func (s *Scratch) Close(ctx context.Context) error {
	if s.server == nil {
		return nil
	}
	return s.server.Stop(context.WithoutCancel(ctx))
}

// Database makes an empty database and returns a pool to it, and what drops it.
func (s *Scratch) Database(ctx context.Context) (*pgxpool.Pool, func() error, error) {
	return s.create(ctx, "template0")
}

// Copy makes a copy of a scratch database, which nobody may be using.
func (s *Scratch) Copy(ctx context.Context, of *pgxpool.Pool) (*pgxpool.Pool, func() error, error) {
	of.Reset() // a database with connections cannot be copied
	return s.create(ctx, of.Config().ConnConfig.Database)
}

func (s *Scratch) create(ctx context.Context, template string) (*pgxpool.Pool, func() error, error) {
	name := "krowoc_scratch_" + strings.ToLower(rand.Text()[:12])
	if err := s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+pg.QuoteIdent(template)); err != nil {
		return nil, nil, err
	}
	drop := func() error {
		return s.exec(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
	if s.quiet {
		if err := s.exec(ctx, "ALTER DATABASE "+name+" SET log_min_messages = 'fatal'"); err != nil {
			return nil, nil, errors.Join(err, drop())
		}
	}
	u, err := url.Parse(s.url)
	if err != nil {
		return nil, nil, errors.Join(fault.New(fault.Invalid, "read the URL", "it is none"), drop())
	}
	u.Path = "/" + name
	pool, err := s.app.Connect(ctx, u.String())
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return pool, func() error { pool.Close(); return drop() }, nil
}

// dropLeft drops the scratch databases that a process has left that was killed. The server is the caller's alone.
func (s *Scratch) dropLeft(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return pg.Fault("look for scratch databases", err)
	}
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE datname LIKE 'krowoc\_scratch\_%'`)
	var names []string
	if err == nil {
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	for _, name := range names {
		_, dropErr := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pg.QuoteIdent(name)+" WITH (FORCE)")
		err = errors.Join(err, dropErr)
	}
	return pg.Fault("drop scratch databases", errors.Join(err, conn.Close(context.WithoutCancel(ctx))))
}

// Exec runs one statement beside the scratch databases.
func (s *Scratch) exec(ctx context.Context, sql string) error {
	const op = "make a scratch database"
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return pg.Fault(op, err)
	}
	_, err = conn.Exec(ctx, sql)
	return pg.Fault(op, errors.Join(err, conn.Close(context.WithoutCancel(ctx))))
}
