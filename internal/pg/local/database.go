package local

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
)

// CreateDatabase creates a database as a copy of template. If template is "", the database is empty.
func (s *Server) CreateDatabase(ctx context.Context, name, template string) error {
	sql := "CREATE DATABASE " + pg.QuoteIdent(name)
	if template != "" {
		sql += " TEMPLATE " + pg.QuoteIdent(template)
	}
	return pg.Fault("create database "+name, s.exec(ctx, sql))
}

// EnsureDatabase creates an empty database unless it exists.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	return pg.EnsureDatabase(ctx, s.URL("postgres"), name)
}

// DropDatabase drops a database and ends its connections. A missing database is not an error.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	return pg.Fault("drop database "+name, s.exec(ctx, "DROP DATABASE IF EXISTS "+pg.QuoteIdent(name)+" WITH (FORCE)"))
}

// exec runs one statement outside of a transaction, on a separate connection.
func (s *Server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}
