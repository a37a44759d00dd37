package krowoctest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/krowoctest"
)

// A test that needs a database has one in tens of milliseconds, with the project's tables and fixtures.
func Example() {
	_ = func(t *testing.T) { // func TestTitles(t *testing.T)
		t.Parallel()
		conn, err := pgx.Connect(t.Context(), krowoctest.DatabaseURL(t, krowoctest.Sets("common", "test")))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		var n int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM books").Scan(&n); err != nil || n != 2 {
			t.Errorf("there are %d books, %v", n, err)
		}
	}
}
