package errorlog_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// messages records errors and returns what the table has of them, in the order of their texts.
func messages(t *testing.T, errs ...error) string {
	t.Helper()
	db := migrated(t)
	r, stop := start(t, errorlog.Options{DB: db})
	for _, err := range errs {
		r.Record(t.Context(), errorlog.Event{Edge: errorlog.HTTP, Place: "POST /graphql", Err: err})
	}
	stop()
	return testkit.Value(t, db, `SELECT string_agg(message, '; ' ORDER BY message COLLATE "C") FROM krowoc.errors`)
}

// What a function of the project raises is left out, with every SQLSTATE and in every language of Postgres.
func TestRaisedMessages(t *testing.T) {
	t.Parallel()
	conn, err := testkit.NewDatabase(t).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	_, raised := conn.Exec(t.Context(), "DO $$ BEGIN RAISE EXCEPTION 'the balance of ada is too low' USING ERRCODE = 'check_violation'; END $$")
	_, own := conn.Exec(t.Context(), "SELECT 1 / 0")
	got := messages(t, pg.Fault("write", raised), pg.Fault("read", own),
		pg.Fault("call", &pgconn.PgError{Code: "XX000", File: "plpy_plpymodule.c", Routine: "PLy_output_kw", Message: "plpy.Error: the balance of ada"}))
	const want = "call: a function raised an exception (SQLSTATE XX000); read: division by zero (SQLSTATE 22012); write: a function raised an exception (SQLSTATE 23514)"
	if got != want {
		t.Errorf("got %s", got)
	}
}

// Messages in other languages than English are left out, because only English ones are known to quote values.
func TestTranslatedMessages(t *testing.T) {
	t.Parallel()
	got := messages(t,
		pg.Fault("a", &pgconn.PgError{Code: "22P02", Severity: "FEHLER", SeverityUnlocalized: "ERROR", Message: "Wert »ada« ist falsch"}),
		pg.Fault("b", &pgconn.PgError{Code: "22P02", Severity: "ERROR", SeverityUnlocalized: "ERROR", Message: "ada は正しくありません"}),
		pg.Fault("c", &pgconn.PgError{Code: "22P02", Severity: "ERROR", SeverityUnlocalized: "ERROR", Message: `invalid input: "ädä"`}))
	if want := `a: Postgres failed (SQLSTATE 22P02); b: Postgres failed (SQLSTATE 22P02); c: invalid input: "…" (SQLSTATE 22P02)`; got != want {
		t.Errorf("got %s", got)
	}
}
