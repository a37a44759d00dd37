package clone

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// Template is a template database. It is built once, when the first process needs it.
type Template struct {
	Name   string // depends on the content: other content requires another name
	Prefix string // of Name and of the names of earlier versions
	Label  string // identifies the purpose: earlier versions with this label are dropped when a new one is built

	// Build fills the empty database at url. It must close its connections.
	Build func(ctx context.Context, url string) error
}

// unfinished is the suffix of a template that is being built. If a killed process has left one behind, the next build drops it.
const unfinished = "_new"

// dropTimeout limits the cleanup after an interruption.
const dropTimeout = time.Minute

// FromTemplate creates a copy of a template. It builds a missing template first.
func (s Server) FromTemplate(ctx context.Context, t Template, name string) error {
	for {
		err := s.with(ctx, "copy the template "+t.Name, func(conn *pgx.Conn) error { return copyTemplate(ctx, conn, t, name) })
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "3D000" { // invalid_catalog_name: the template does not exist
			return err
		}
		if err := s.Ensure(ctx, t); err != nil {
			return err
		}
	}
}

// copyTemplate copies the template with the default strategy of Postgres. The other strategy is not faster in memory, and causes
// checkpoints on a disk. Postgres may complete a canceled statement, so copyTemplate waits for its end.
func copyTemplate(ctx context.Context, conn *pgx.Conn, t Template, name string) error {
	whole := context.WithoutCancel(ctx)
	if _, err := conn.Exec(whole, "CREATE DATABASE "+pg.QuoteIdent(name)+" TEMPLATE "+pg.QuoteIdent(t.Name)); err != nil {
		return err
	}
	if ctx.Err() == nil {
		return nil
	}
	return errors.Join(ctx.Err(), dropIn(whole, conn, name))
}

// Ensure builds a template unless it exists. It waits while another process is building it.
func (s Server) Ensure(ctx context.Context, t Template) error {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return pg.Fault("find the template "+t.Name, err)
	}
	// Closing the connection releases the lock.
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the work has completed or failed already
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", t.Prefix+t.Label); err != nil {
		return pg.Fault("wait for the template "+t.Name, err)
	}
	there, err := pg.DatabaseExists(ctx, conn, t.Name)
	if there || err != nil {
		return pg.Fault("find the template "+t.Name, err)
	}
	if err := s.build(ctx, conn, t); err != nil {
		return err
	}
	return pg.Fault("drop earlier templates", dropEarlier(ctx, conn, t))
}

// build builds a template with a temporary name and then renames it, so that the template is never incomplete.
func (s Server) build(ctx context.Context, conn *pgx.Conn, t Template) (err error) {
	op := "build the template " + t.Name
	name := t.Name + unfinished
	at, err := WithDatabase(s.URL, name)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.dropUnfinished(ctx, name))
		}
	}()
	for _, sql := range []string{
		"DROP DATABASE IF EXISTS " + pg.QuoteIdent(name) + " WITH (FORCE)",
		"CREATE DATABASE " + pg.QuoteIdent(name) + " TEMPLATE template0",
		"COMMENT ON DATABASE " + pg.QuoteIdent(name) + " IS " + strings.TrimSpace(pg.QuoteLiteral(t.Label)),
	} {
		if _, err := conn.Exec(context.WithoutCancel(ctx), sql); err != nil {
			return pg.Fault(op, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return pg.Fault(op, err)
	}
	if err := t.Build(ctx, at); err != nil {
		return err
	}
	// Forbid connections from now on, since they would prevent copies.
	return pg.Fault(op, sealed(ctx, conn, name, t.Name))
}

func sealed(ctx context.Context, conn *pgx.Conn, name, as string) error {
	if err := allow(ctx, conn, name, false); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = current_user", name); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "ALTER DATABASE "+pg.QuoteIdent(name)+" RENAME TO "+pg.QuoteIdent(as))
	return err
}

// dropUnfinished drops an incomplete template. It uses a new connection, since the other one may be lost.
func (s Server) dropUnfinished(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	return s.with(ctx, "drop the database "+name, func(conn *pgx.Conn) error { return dropIn(ctx, conn, name) })
}

// dropEarlier drops the earlier versions of a template, which have the same prefix and label.
func dropEarlier(ctx context.Context, conn *pgx.Conn, t Template) error {
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database
		WHERE starts_with(datname, $1) AND shobj_description(oid, 'pg_database') = $2 AND datname <> $3`, t.Prefix, t.Label, t.Name)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range names {
		err = errors.Join(err, dropIn(ctx, conn, name))
	}
	return err
}

func dropIn(ctx context.Context, conn *pgx.Conn, name string) error {
	_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pg.QuoteIdent(name)+" WITH (FORCE)")
	return err
}

// DropIfExists drops a database. A missing database is not an error.
func (s Server) DropIfExists(ctx context.Context, name string) error {
	return s.with(ctx, "drop the database "+name, func(conn *pgx.Conn) error { return dropIn(ctx, conn, name) })
}

// WithDatabase returns the URL of another database on the same server.
func WithDatabase(at, name string) (string, error) {
	u, err := url.Parse(at)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") { // the error of url.Parse would contain the password
		return "", fault.New(fault.Invalid, "read the database URL", "the server must be given as a URL", "use a URL such as postgres://user@host/database")
	}
	u.Path = "/" + name
	return u.String(), nil
}
