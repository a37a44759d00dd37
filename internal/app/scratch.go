package app

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/local"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Scratch is a Postgres on which databases are made, used and dropped.
type Scratch struct {
	app    *App
	server *local.Server // nil for a server of somebody else's
	url    string        // of a database in which others can be made
}

// Scratch starts a Postgres of the version that the project asks for and that leaves nothing behind; or, with a URL,
// uses that server, on which it makes databases of its own.
func (a *App) Scratch(ctx context.Context, serverURL string, progress func(local.Progress)) (*Scratch, error) {
	if serverURL != "" {
		return &Scratch{app: a, url: serverURL}, nil
	}
	o := a.localPostgres(progress)
	o.DataDir, o.Ephemeral, o.Settings, o.Logger = "", true, nil, nil
	server, err := local.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Scratch{app: a, server: server, url: server.URL("postgres")}, nil
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
	name := "krowoc_scratch_" + strings.ToLower(rand.Text()[:12])
	if err := s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return nil, nil, err
	}
	drop := func() error {
		return s.exec(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
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
