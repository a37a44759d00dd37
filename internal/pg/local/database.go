package local

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
)

// CreateDatabase makes a database: a copy of template, or an empty one when that is "".
func (s *Server) CreateDatabase(ctx context.Context, name, template string) error {
	sql := "CREATE DATABASE " + pg.QuoteIdent(name)
	if template != "" {
		sql += " TEMPLATE " + pg.QuoteIdent(template)
	}
	return pg.Fault("create database "+name, s.exec(ctx, sql))
}

// EnsureDatabase makes an empty database unless there is one of that name.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	return pg.EnsureDatabase(ctx, s.URL("postgres"), name)
}

// DropDatabase removes a database and disconnects whoever uses it; one that is not there is no error.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	return pg.Fault("drop database "+name, s.exec(ctx, "DROP DATABASE IF EXISTS "+pg.QuoteIdent(name)+" WITH (FORCE)"))
}

// exec runs one statement outside of any transaction, on a connection of its own.
func (s *Server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}
