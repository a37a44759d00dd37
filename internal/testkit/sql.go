package testkit

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// DB is what the helpers below run SQL on: a pool, a connection or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Exec runs statements and fails the test when one fails. Without args there may be several, separated by semicolons.
func Exec(t testing.TB, db DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Value returns the single value of a query or an expression, as Postgres writes it as text; NULL and no row are "NULL".
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
