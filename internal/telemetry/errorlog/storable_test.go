package errorlog_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A client cannot control the terminal on which the list is read, nor add lines to a stack.
func TestNoControlSequences(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	r, stop := start(t, errorlog.Options{DB: db})
	h := receiver(t, errorlog.ReceiverOptions{Recorder: r})
	const hostile = `\u001b]0;title\u0007\u009b2J\u202e`
	body := `{"message": "bad` + hostile + `", "url": "https://a.example/x%1b%5b2J", "stack": "f@https://a.example/a%1b%5b2J%0Ab%C2%9b%E2%80%AE.js:1:2\ng@https://a.example/b.js:1:2"}`
	if status := report(t, h, body, ""); status != http.StatusNoContent {
		t.Fatal(status)
	}
	r.Record(t.Context(), errorlog.Event{Edge: errorlog.HTTP, Place: "GET /x", Err: fault.New(fault.Invalid, "read", "no \x1b[2J\u202e\nlike")})
	stop()
	all := testkit.Value(t, db, "SELECT string_agg(concat_ws(' ', place, message, s->>'page', s->>'stack'), ' ') FROM krowoc.errors, jsonb_array_elements(samples) AS s")
	if strings.ContainsAny(all, "\x1b\x07\u009b\u202e") {
		t.Errorf("the table has %q", all)
	}
	if lines := strings.Count(all, "\n"); lines != 1 {
		t.Errorf("%d line ends in %q", lines, all)
	}
}
