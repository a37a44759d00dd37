package migrate

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/krowoc/krowoc/internal/testkit"
)

// A statement whose cancellation was lost ends with its session all the same, and so does its lock.
func TestSessionEndsItsStatement(t *testing.T) {
	db := testkit.NewDatabase(t)
	s, err := openSession(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	var locked bool
	if err := s.conn.QueryRow(t.Context(), "SELECT pg_try_advisory_lock($1)", lockID).Scan(&locked); err != nil || !locked {
		t.Fatal(locked, err)
	}
	s.locked = true
	conn := s.conn.PgConn()
	clear(conn.SecretKey()) // Postgres ignores the request to cancel, as if it had come too early
	conn.Frontend().SendQuery(&pgproto3.Query{String: "SELECT pg_sleep(600)"})
	if err := conn.Frontend().Flush(); err != nil {
		t.Fatal(err)
	}
	const runs = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'"
	for testkit.Value(t, db, runs) != "1" {
	}
	// The client goes without a word.
	if err := conn.Conn().Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.conn.Exec(ctx, "SELECT 1"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	s.close(t.Context())
	if got := testkit.Value(t, db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"); got != "0" {
		t.Errorf("%s locks are held", got)
	}
}
