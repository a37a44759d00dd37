// Package clone copies whole databases on one server with CREATE DATABASE … TEMPLATE, which takes as long as copying their files.
package clone

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
)

// Server copies databases on a server. It connects to another database of the server. While it copies or replaces a database, it ends all
// connections to that database; pools reconnect.
type Server struct {
	URL string // of the database postgres
}

// Database is a database on the server.
type Database struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
}

// List returns the databases whose names start with a prefix, sorted by name.
func (s Server) List(ctx context.Context, prefix string) (list []Database, err error) {
	err = s.with(ctx, "list the databases", func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, "SELECT datname, pg_database_size(oid) FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1", prefix)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Database])
		return err
	})
	return list, err
}

// Copy copies a database, and replaces an existing database of the new name.
func (s Server) Copy(ctx context.Context, from, to string) error {
	return s.with(ctx, "copy the database "+from, func(conn *pgx.Conn) error {
		return closed(ctx, conn, from, func() error {
			return replaced(ctx, conn, to, func() error {
				_, err := conn.Exec(ctx, "CREATE DATABASE "+pg.QuoteIdent(to)+" TEMPLATE "+pg.QuoteIdent(from))
				return err
			})
		})
	})
}

// Move renames a database.
func (s Server) Move(ctx context.Context, from, to string) error {
	return s.with(ctx, "rename the database "+from, func(conn *pgx.Conn) error {
		err := closed(ctx, conn, from, func() error {
			_, err := conn.Exec(ctx, "ALTER DATABASE "+pg.QuoteIdent(from)+" RENAME TO "+pg.QuoteIdent(to))
			return err
		})
		if err != nil {
			return err
		}
		return allow(ctx, conn, to, true)
	})
}

// Empty creates an empty database, and replaces an existing one of the same name.
func (s Server) Empty(ctx context.Context, name string) error {
	return s.with(ctx, "create the database "+name, func(conn *pgx.Conn) error {
		return replaced(ctx, conn, name, func() error {
			_, err := conn.Exec(ctx, "CREATE DATABASE "+pg.QuoteIdent(name)+" TEMPLATE template0")
			return err
		})
	})
}

// Label returns the label of a database that SetLabel has set, or "".
func (s Server) Label(ctx context.Context, name string) (label string, err error) {
	err = s.with(ctx, "read the label of the database "+name, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = $1", name).Scan(&label)
	})
	return label, err
}

// SetLabel sets the label of a database, which is stored as its comment.
func (s Server) SetLabel(ctx context.Context, name, label string) error {
	return s.with(ctx, "label the database "+name, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "COMMENT ON DATABASE "+pg.QuoteIdent(name)+" IS "+strings.TrimSpace(pg.QuoteLiteral(label)))
		return err
	})
}

// Drop drops a database.
func (s Server) Drop(ctx context.Context, name string) error {
	return s.with(ctx, "drop the database "+name, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "DROP DATABASE "+pg.QuoteIdent(name)+" WITH (FORCE)")
		return err
	})
}

func (s Server) with(ctx context.Context, op string, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.URL)
	if err != nil {
		return pg.Fault(op, err)
	}
	return pg.Fault(op, errors.Join(work(conn), conn.Close(context.WithoutCancel(ctx))))
}

// closed calls work while connections to a database are not allowed. It then allows connections again, unless work has renamed the
// database.
func closed(ctx context.Context, conn *pgx.Conn, name string, work func() error) (err error) {
	if err := allow(ctx, conn, name, false); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, allow(context.WithoutCancel(ctx), conn, name, true)) }()
	if _, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
		return err
	}
	return work()
}

// allow allows or forbids connections to a database. A missing database is not an error.
func allow(ctx context.Context, conn *pgx.Conn, name string, yes bool) error {
	there, err := pg.DatabaseExists(ctx, conn, name)
	if err != nil || !there {
		return err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS %t", pg.QuoteIdent(name), yes))
	return err
}

// replaced calls create and replaces an existing database of the same name. If create fails, the existing one is kept.
func replaced(ctx context.Context, conn *pgx.Conn, name string, create func() error) error {
	there, err := pg.DatabaseExists(ctx, conn, name)
	switch {
	case err != nil:
		return err
	case !there:
		return create()
	}
	aside := strings.ToValidUTF8(name[:min(len(name), 50)], "") + " replaced"
	rename := func(ctx context.Context, from, to string) error {
		_, err := conn.Exec(ctx, "ALTER DATABASE "+pg.QuoteIdent(from)+" RENAME TO "+pg.QuoteIdent(to))
		return err
	}
	drop := func() error {
		_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pg.QuoteIdent(aside)+" WITH (FORCE)")
		return err
	}
	if err := drop(); err != nil {
		return err
	}
	if err := closed(ctx, conn, name, func() error { return rename(ctx, name, aside) }); err != nil {
		return err
	}
	if err := create(); err != nil {
		back := context.WithoutCancel(ctx)
		return errors.Join(err, rename(back, aside, name), allow(back, conn, name, true))
	}
	return drop()
}
