package errorlog_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// hostileError panics, as a method of a nil pointer does.
type hostileError struct{ message *string }

func (e *hostileError) Error() string { return *e.message }

// An error whose methods panic does not end the server: it is lost, and the next one is recorded.
func TestErrorsThatPanic(t *testing.T) {
	t.Parallel()
	db := migrated(t)
	var log strings.Builder
	r, stop := start(t, errorlog.Options{DB: db, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, err := range []error{&hostileError{}, (*hostileError)(nil), (*fault.Error)(nil), errors.New("x")} {
		r.Record(t.Context(), errorlog.Event{Edge: errorlog.HTTP, Place: "GET /things", Err: err})
	}
	stop()
	if got := testkit.Value(t, db, "SELECT string_agg(edge || ' ' || count, ', ' ORDER BY edge) FROM krowoc.errors"); got != "http 1, recorder 3" {
		t.Errorf("the list has %s", got)
	}
	if lost, _ := r.Status(); lost != 3 || !strings.Contains(log.String(), "*fault.Error") {
		t.Errorf("%d are lost; the log says %s", lost, &log)
	}
}
