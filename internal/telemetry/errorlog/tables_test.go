package errorlog_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// The tables stay within their limits, whatever clients send, and mistakes of clients do not push out errors of the server.
func TestLimits(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	for round := range 3 {
		r, stop := start(t, errorlog.Options{DB: db})
		for n := range 400 {
			makeRoom(r)
			record(t, r, fault.Invalid, "kind "+letters(400*round+n))
		}
		if round == 0 {
			record(t, r, fault.Internal, "the one that matters")
		}
		stop()
	}
	got := testkit.Value(t, db, "SELECT string_agg(category || ' ' || n, ', ' ORDER BY category) FROM (SELECT category, count(*) AS n FROM krowoc.errors WHERE edge = 'http' GROUP BY 1) AS c")
	if got != "internal 1, invalid 300" {
		t.Errorf("kept %s", got)
	}
	if got := testkit.Value(t, db, "SELECT max(jsonb_array_length(samples))::text FROM krowoc.errors WHERE category = 'invalid'"); got != "1" {
		t.Errorf("%s samples of a mistake", got)
	}
}

func TestOldCounts(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	r, stop := start(t, errorlog.Options{DB: db})
	record(t, r, fault.Internal, "x")
	record(t, r, fault.Internal, "y")
	stop()
	testkit.Exec(t, db, `UPDATE krowoc.errors SET last_seen = now() - interval '15 days' WHERE message LIKE '%y';
		INSERT INTO krowoc.error_counts SELECT fingerprint, date_trunc('hour', now() - interval '5 hours', 'UTC') + m * interval '1 minute', 2 FROM krowoc.errors, generate_series(1, 3) AS m;
		INSERT INTO krowoc.error_counts SELECT fingerprint, now() - interval '15 days', 1 FROM krowoc.errors`)
	for range 2 {
		if err := errorlog.Tidy(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	got := testkit.Value(t, db, "SELECT string_agg(date_part('hour', now() - at)::int || ' ' || count, ', ' ORDER BY at) FROM krowoc.error_counts WHERE at < now() - interval '1 hour'")
	if !strings.HasSuffix(got, " 6") || strings.Contains(got, ",") {
		t.Errorf("old counts are %s", got)
	}
	if got := testkit.Value(t, db, "SELECT string_agg(message, ', ') FROM krowoc.errors"); got != "read a thing: x" {
		t.Errorf("kept %s", got)
	}
}
