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

// Template is a database that others are copies of. It is made when it is first needed, once, however many processes ask.
type Template struct {
	Name   string // says what is in it: other content, another name
	Prefix string // of Name, and of the names of earlier ones
	Label  string // what it is for: earlier ones with this label go when a new one is made

	// Build fills the empty database at a URL, and leaves no connection to it.
	Build func(ctx context.Context, url string) error
}

// unfinished ends the name of a template that is being built. One that a killed process has left is dropped by the next.
const unfinished = "_new"

// dropTimeout bounds the removal of what an interrupted piece of work leaves.
const dropTimeout = time.Minute

// FromTemplate makes a database that is a copy of a template, which is built first where it is not there.
func (s Server) FromTemplate(ctx context.Context, t Template, name string) error {
	for {
		err := s.with(ctx, "copy the template "+t.Name, func(conn *pgx.Conn) error { return copyTemplate(ctx, conn, t, name) })
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "3D000" { // invalid_catalog_name: the template is not there
			return err
		}
		if err := s.Ensure(ctx, t); err != nil {
			return err
		}
	}
}

// copyTemplate makes the copy, by the strategy that Postgres chooses: the other is no faster in memory, and has checkpoints made on a
// disk. What Postgres does for a canceled statement may be done all the same, so that it is waited for.
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

// Ensure builds a template unless it is there. Who comes while another process builds it waits.
func (s Server) Ensure(ctx context.Context, t Template) error {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return pg.Fault("look for the template "+t.Name, err)
	}
	// Closing the connection gives up the lock.
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what was to be done is done, or has failed for another reason
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", t.Prefix+t.Label); err != nil {
		return pg.Fault("wait for the template "+t.Name, err)
	}
	there, err := exists(ctx, conn, t.Name)
	if there || err != nil {
		return pg.Fault("look for the template "+t.Name, err)
	}
	if err := s.build(ctx, conn, t); err != nil {
		return err
	}
	return pg.Fault("drop earlier templates", dropEarlier(ctx, conn, t))
}

// build makes a template under another name and renames it, so that it is whole from its first moment.
func (s Server) build(ctx context.Context, conn *pgx.Conn, t Template) (err error) {
	op := "make the template " + t.Name
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
	// Nobody connects to it from now on, or it could not be copied.
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

// dropUnfinished removes what is left of a template that was not built, on a connection of its own: the other may be lost.
func (s Server) dropUnfinished(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropTimeout)
	defer cancel()
	return s.with(ctx, "drop the database "+name, func(conn *pgx.Conn) error { return dropIn(ctx, conn, name) })
}

// dropEarlier drops the templates whose place one takes: those with its prefix and its label.
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

// DropIfExists drops a database; one that is not there is no error.
func (s Server) DropIfExists(ctx context.Context, name string) error {
	return s.with(ctx, "drop the database "+name, func(conn *pgx.Conn) error { return dropIn(ctx, conn, name) })
}

// WithDatabase returns the URL of another database of the same server.
func WithDatabase(at, name string) (string, error) {
	u, err := url.Parse(at)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") { // the error of url.Parse would show the password
		return "", fault.New(fault.Invalid, "read the database URL", "the server must be given as a URL", "postgres://user@host/database")
	}
	u.Path = "/" + name
	return u.String(), nil
}
