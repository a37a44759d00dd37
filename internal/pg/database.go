package pg

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// EnsureDatabase creates an empty database unless it exists. url is any other database on the same server.
func EnsureDatabase(ctx context.Context, url, name string) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return Fault("find database "+name, err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	there, err := DatabaseExists(ctx, conn, name)
	if there || err != nil { // check first, since a failed CREATE DATABASE would appear in the server's log
		return Fault("find database "+name, err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+QuoteIdent(name))
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42P04" { // duplicate_database
		return nil
	}
	return Fault("create database "+name, err)
}

// DatabaseExists reports whether a server has a database.
func DatabaseExists(ctx context.Context, conn *pgx.Conn, name string) (there bool, err error) {
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	return there, err
}
