package exec

import (
	"context"
	"log/slog"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/request"
)

// SlowLog logs operations that take long. Whose operation it was, and its name, the logger adds from the context. Variables and the document, which
// can have values of users, are not in the log: the hash of the document is, as in traces and in requests.
type SlowLog struct {
	Logger    *slog.Logger
	Threshold time.Duration
}

var _ Observer = SlowLog{}

// Name implements Observer.
func (SlowLog) Name() string { return "log slow operations" }

// Settle implements Observer.
func (l SlowLog) Settle(ctx context.Context, op *Operation) {
	if op.Took < l.Threshold {
		return
	}
	attrs := []slog.Attr{
		slog.Float64(request.FieldDuration, float64(op.Took.Microseconds())/1000),
		slog.String(request.FieldDocument, hashOf(op.Document)), slog.String(request.FieldFields, op.Fields()),
		slog.Int(request.FieldCost, op.Cost), slog.Int(request.FieldBytes, len(op.Data)),
	}
	if code := fault.CodeOf(op.Err); code != "" {
		attrs = append(attrs, slog.String(request.FieldCode, string(code)))
	}
	l.Logger.LogAttrs(ctx, slog.LevelWarn, "slow operation", attrs...)
}
