package errorlog_test

import (
	"context"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
)

// BenchmarkSettle is what an operation pays for the list of errors.
func BenchmarkSettle(b *testing.B) {
	db := migrated(b)
	r, stop := start(b, errorlog.Options{DB: db})
	defer stop()
	now := time.Now()
	ctx := request.With(context.Background(), &request.Info{ID: "r-1", Correlation: "c-1"})
	b.Run("success", func(b *testing.B) {
		op := &exec.Operation{Name: "Feed"}
		b.ReportAllocs()
		for b.Loop() {
			r.Settle(ctx, op)
		}
	})
	failed := &exec.Operation{Name: "Feed", Err: fault.New(fault.Internal, "read a row", "row 7 is wrong")}
	b.Run("failure", func(b *testing.B) {
		idle := errorlog.New(errorlog.Options{DB: db}) // nobody else uses the processor
		b.ReportAllocs()
		for b.Loop() {
			if idle.Waiting() == errorlog.QueueSize {
				idle.Empty()
			}
			idle.Settle(ctx, failed)
		}
	})
	b.Run("failure with a full queue", func(b *testing.B) {
		idle := errorlog.New(errorlog.Options{DB: db})
		b.ReportAllocs()
		for b.Loop() {
			idle.Settle(ctx, failed)
		}
	})
	b.Run("in the background", func(b *testing.B) {
		aggregate := errorlog.New(errorlog.Options{DB: db}).Aggregator()
		b.ReportAllocs()
		for b.Loop() {
			aggregate(errorlog.Event{Edge: errorlog.GraphQL, Place: "query feed", Operation: "Feed", Err: failed.Err, Time: now})
		}
	})
}
