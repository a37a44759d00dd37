// Package scratch creates scratch databases on a temporary Postgres or on an existing server.
package scratch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/docker"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/schema"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Engine is how a temporary server runs.
type Engine string

// The engines.
const (
	Native Engine = "native" // Postgres's own programs, installed or downloaded
	Docker Engine = "docker" // the official image
)

// Options configure the server. With a URL it is an existing server, otherwise a temporary one is started.
type Options struct {
	URL      string     // of an existing server
	Pool     pg.Options // for scratch databases; its URL is ignored
	Quiet    bool       // keep failed statements out of the server's log
	Engine   Engine     // of a temporary server
	Version  int        // major version of a temporary server; 0 means any
	Progress func(local.Progress)
	Env      func(string) string // the environment of the process, for finding Postgres
	Guard    func(container string) (dismiss func())
}

// Server is a Postgres server for scratch databases.
type Server struct {
	options Options
	started startedServer // nil for an existing server
	url     string        // of a database for administrative statements
}

type startedServer interface {
	URL(database string) string
	Stop(ctx context.Context) error
}

// Open uses the existing server in the options, or starts a temporary one.
func Open(ctx context.Context, o Options) (*Server, error) {
	if o.URL != "" {
		return Existing(o), nil
	}
	started, err := start(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Server{options: o, started: started, url: started.URL("postgres")}, nil
}

// Existing uses the existing server in the options.
func Existing(o Options) *Server { return &Server{options: o, url: o.URL} }

func start(ctx context.Context, o Options) (startedServer, error) {
	switch o.Engine {
	case Native:
		return local.Start(ctx, local.Options{Major: o.Version, Ephemeral: true, Progress: o.Progress, Env: o.Env})
	case Docker:
		return docker.Start(ctx, docker.Options{Image: docker.Image(o.Version), Logger: o.Pool.Logger, Guard: o.Guard})
	default:
		return nil, fault.New(fault.Invalid, "start a scratch Postgres", fmt.Sprintf("unknown engine %q", o.Engine), "use native or docker")
	}
}

// URL returns the URL of a database for administrative statements.
func (s *Server) URL() string { return s.url }

// Own reports whether the server is a temporary one, on which it is safe to create roles.
func (s *Server) Own() bool { return s.started != nil }

// Close stops a temporary server.
func (s *Server) Close(ctx context.Context) error {
	if s.started == nil {
		return nil
	}
	return s.started.Stop(context.WithoutCancel(ctx))
}

// Database creates an empty database. It returns a pool and a function that drops the database.
func (s *Server) Database(ctx context.Context) (*pgxpool.Pool, func() error, error) {
	return s.create(ctx, "template0")
}

// Copy copies a scratch database, which must not have other connections. It returns the same as Database.
func (s *Server) Copy(ctx context.Context, of *pgxpool.Pool) (*pgxpool.Pool, func() error, error) {
	of.Reset() // a database with connections cannot be copied
	return s.create(ctx, of.Config().ConnConfig.Database)
}

// Target builds a schema in a copy of a scratch database. It returns the target and a function that drops the copy.
func (s *Server) Target(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) (*ddl.Target, func() error, error) {
	copied, drop, err := s.Copy(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	target, err := ddl.NewTarget(ctx, copied, types)
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return target, drop, nil
}

func (s *Server) create(ctx context.Context, template string) (*pgxpool.Pool, func() error, error) {
	name := "krowoc_scratch_" + strings.ToLower(rand.Text()[:12])
	if err := s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+pg.QuoteIdent(template)); err != nil {
		return nil, nil, err
	}
	drop := func() error {
		return s.exec(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
	if s.options.Quiet {
		if err := s.exec(ctx, "ALTER DATABASE "+name+" SET log_min_messages = 'fatal'"); err != nil {
			return nil, nil, errors.Join(err, drop())
		}
	}
	u, err := url.Parse(s.url)
	if err != nil {
		return nil, nil, errors.Join(fault.New(fault.Invalid, "read the URL of the scratch server", "the URL is not valid"), drop())
	}
	u.Path = "/" + name
	o := s.options.Pool
	o.URL = u.String()
	pool, err := pg.Connect(ctx, o)
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return pool, func() error { pool.Close(); return drop() }, nil
}

// DropLeftovers drops scratch databases that a killed process has left behind. No other process may be using the server.
func (s *Server) DropLeftovers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return pg.Fault("find scratch databases", err)
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

// exec runs one statement on the server, outside of the scratch databases.
func (s *Server) exec(ctx context.Context, sql string) error {
	const op = "create a scratch database"
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return pg.Fault(op, err)
	}
	_, err = conn.Exec(ctx, sql)
	return pg.Fault(op, errors.Join(err, conn.Close(context.WithoutCancel(ctx))))
}
