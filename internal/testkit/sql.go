package testkit

import (
	"context"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// DB is a database on which the helpers below run SQL: a pool, a connection or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Exec runs a statement and fails the test if the statement fails. Without args, sql can contain several statements.
func Exec(t testing.TB, db DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Value returns the value of a query or an expression in the text format of Postgres. It returns "NULL" for NULL and without a row.
func Value(t testing.TB, db DB, sql string, args ...any) string {
	t.Helper()
	var text *string
	if err := db.QueryRow(t.Context(), "SELECT ("+sql+")::text", args...).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if text == nil {
		return "NULL"
	}
	return *text
}

// Major returns the major version of the server, such as 15.
func Major(t testing.TB, db DB) int {
	t.Helper()
	major, err := strconv.Atoi(Value(t, db, "current_setting('server_version_num')::int / 10000"))
	if err != nil {
		t.Fatal(err)
	}
	return major
}
