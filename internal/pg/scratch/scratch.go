// Package scratch creates scratch databases on a temporary Postgres or on an existing server.
package scratch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
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

// Identity identifies what determines the result of SQL on the server: versions, extensions, locale and roles.
func (s *Server) Identity(ctx context.Context) (identity string, err error) {
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return "", pg.Fault(identityOp, err)
	}
	err = conn.QueryRow(ctx, `SELECT concat_ws(' ', version(),
		(SELECT concat_ws(' ', encoding, datcollate, datctype) FROM pg_database WHERE datname = 'template0'),
		(SELECT string_agg(name || ' ' || default_version, ',' ORDER BY name) FROM pg_available_extensions),
		(SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles), current_user,
		(SELECT string_agg(name || '=' || setting, ',' ORDER BY name) FROM pg_settings
			WHERE source NOT IN ('default', 'override', 'client') AND context IN ('user', 'superuser')))`).Scan(&identity)
	return fmt.Sprint(identity, s.Own()), pg.Fault(identityOp, errors.Join(err, conn.Close(context.WithoutCancel(ctx))))
}

const identityOp = "identify the scratch server"

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

// Target builds a schema in a scratch database, in which its SQL can use what another scratch database has besides tables. It returns the target and
// a function that drops the database.
func (s *Server) Target(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) (*ddl.Target, func() error, error) {
	return s.target(ctx, db, types, (*ddl.Builder).Build)
}

// PartialTarget is Target with what Postgres accepts of a schema.
func (s *Server) PartialTarget(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) (*ddl.Target, func() error, error) {
	return s.target(ctx, db, types, (*ddl.Builder).BuildPart)
}

func (s *Server) target(ctx context.Context, db *pgxpool.Pool, types *schema.Schema, build func(*ddl.Builder, context.Context, *schema.Schema) (*ddl.Target, error)) (*ddl.Target, func() error, error) {
	b, drop, err := s.Builder(ctx, db, types)
	if err != nil {
		return nil, nil, err
	}
	target, err := build(b.Builder, ctx, types)
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return target, drop, nil
}

// Builder is a builder of targets, which Target describes.
type Builder struct {
	*ddl.Builder
	kept   ddl.Kept
	copied bool
}

// Copied reports whether the builder's database also has what migrations have made besides tables.
func (b *Builder) Copied() bool { return b.copied }

// ResumedBuilder is a builder whose database, which Keep has kept, contains the tables of a schema.
func ResumedBuilder(ctx context.Context, db *pgxpool.Pool, kept ddl.Kept, copied bool, types *schema.Schema) (*Builder, error) {
	b, err := ddl.ResumeBuilder(ctx, db, catalog.NewReader(db, catalog.Options{}), types)
	return &Builder{b, kept, copied}, err
}

// Fits reports whether the builder can build a schema.
func (b *Builder) Fits(types *schema.Schema) bool { return b.copied || !b.kept.Beyond(types) }

// Moved reports whether the builder can also build a schema for another database, and remembers what that one has.
func (b *Builder) Moved(kept ddl.Kept, types *schema.Schema) bool {
	if b.copied || kept.Beyond(types) {
		return false
	}
	b.kept = kept
	return true
}

// Builder returns a builder that can build at least one schema, and a function that drops its database.
func (s *Server) Builder(ctx context.Context, db *pgxpool.Pool, types *schema.Schema) (*Builder, func() error, error) {
	kept, err := ddl.ReadKept(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	if !kept.Beyond(types) {
		return s.EmptyBuilder(ctx, kept)
	}
	made, drop, err := s.Copy(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	return &Builder{ddl.NewBuilder(made), kept, true}, drop, nil
}

// EmptyBuilder returns a builder for schemas that kept has nothing for, and a function that drops its database.
func (s *Server) EmptyBuilder(ctx context.Context, kept ddl.Kept) (*Builder, func() error, error) {
	made, drop, err := s.Database(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &Builder{ddl.NewBuilder(made), kept, false}, drop, nil
}

// create creates a database from a template. Nobody needs its content after a crash. Postgres may complete a canceled statement, so create
// waits for its end.
func (s *Server) create(ctx context.Context, template string) (*pgxpool.Pool, func() error, error) {
	name := newName()
	err := s.execUntil(ctx, context.WithoutCancel(ctx), func(conn *pgx.Conn) []string {
		statements := []string{
			"CREATE DATABASE " + name + " TEMPLATE " + pg.QuoteIdent(template) + s.strategy(conn),
			"ALTER DATABASE " + name + " SET synchronous_commit = off",
		}
		if s.options.Quiet {
			statements = append(statements, "ALTER DATABASE "+name+" SET log_min_messages = 'fatal'")
		}
		return statements
	})
	if err = cmp.Or(err, ctx.Err()); err != nil {
		_ = s.drop(ctx, name) // it may be only the settings that failed
		return nil, nil, err
	}
	return s.open(ctx, name)
}

// open connects to a scratch database. If that fails, it drops the database.
func (s *Server) open(ctx context.Context, name string) (*pgxpool.Pool, func() error, error) {
	u, err := url.Parse(s.url)
	if err != nil {
		err = fault.New(fault.Invalid, "read the URL of the scratch server", "the URL is not valid")
		return nil, nil, errors.Join(err, s.drop(ctx, name))
	}
	u.Path = "/" + name
	o := s.options.Pool
	o.URL = u.String()
	pool, err := pg.Connect(ctx, o)
	if err != nil {
		return nil, nil, errors.Join(err, s.drop(ctx, name))
	}
	return pool, func() error { pool.Close(); return s.drop(ctx, name) }, nil
}

// drop drops a scratch database, also after ctx has ended.
func (s *Server) drop(ctx context.Context, name string) error {
	return s.exec(context.WithoutCancel(ctx), dropping(name))
}

// Drop does the same as the function that comes with a scratch database, but only until ctx ends.
func (s *Server) Drop(ctx context.Context, db *pgxpool.Pool) error {
	db.Close()
	return s.exec(ctx, dropping(db.Config().ConnConfig.Database))
}

func dropping(name string) func(*pgx.Conn) []string {
	return func(*pgx.Conn) []string { return []string{"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"} }
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

// strategy is the fastest way to copy a database on a temporary server. On other servers it would cause checkpoints.
func (s *Server) strategy(conn *pgx.Conn) string {
	if majorOf(conn) < 15 || !s.Own() {
		return "" // the only one of older versions
	}
	return " STRATEGY file_copy"
}

// majorOf returns the major version of a server, or 0.
func majorOf(conn *pgx.Conn) int {
	major, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), ".")
	n, _ := strconv.Atoi(major)
	return n
}

// exec runs statements on the server, outside of the scratch databases.
func (s *Server) exec(ctx context.Context, statements func(*pgx.Conn) []string) error {
	return s.execUntil(ctx, ctx, statements)
}

// execUntil is exec with a context for the statements.
func (s *Server) execUntil(ctx, run context.Context, statements func(*pgx.Conn) []string) error {
	const op = "create a scratch database"
	conn, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return pg.Fault(op, err)
	}
	for _, sql := range statements(conn) {
		if err == nil {
			_, err = conn.Exec(run, sql)
		}
	}
	return pg.Fault(op, errors.Join(err, conn.Close(context.WithoutCancel(ctx))))
}
