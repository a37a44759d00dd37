package migrate

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// observer follows goose while it runs a plan. Goose offers no hooks, but it logs each statement before
// and each file after it runs: the observer is the handler of that log. It is the tracer of the connection
// as well, since only the connection knows whether a statement failed or the COMMIT after it.
type observer struct {
	report    func(Event)
	now       func() time.Time
	since     time.Time // when the current file could begin: the last one ended
	plan      plan
	results   []Result
	started   int    // files of the plan that have begun
	next      int    // statements of the current file that have begun
	statement string // the last of them, as sent
	// refused is the SQL that failed, if any has. When the caller gives up, database/sql rolls back in a
	// goroutine of its own, which the tracer then follows.
	refused atomic.Pointer[string]
}

// The messages of goose's Provider that the observer knows; a test fails when goose changes them.
const (
	beforeStatement = "executing statement"
	afterFile       = "migration completed"
)

// Enabled implements slog.Handler.
func (o *observer) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler; goose does not use it.
func (o *observer) WithAttrs([]slog.Attr) slog.Handler { return o }

// WithGroup implements slog.Handler; goose does not use it.
func (o *observer) WithGroup(string) slog.Handler { return o }

// Handle implements slog.Handler.
func (o *observer) Handle(_ context.Context, r slog.Record) error {
	switch r.Message {
	case beforeStatement:
		o.begin()
		o.next++
		o.refused.Store(nil)
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "statement" {
				o.statement = a.Value.String()
			}
			return true
		})
	case afterFile:
		o.begin()
		result := o.ended()
		o.results = append(o.results, result)
		o.send(Event{Kind: Done, Result: result})
		o.next, o.statement, o.since = 0, "", o.now()
	}
	return nil
}

// begin reports the start of a file, once: with its first statement, or with its end when it has none.
func (o *observer) begin() {
	if o.started == len(o.results) {
		o.started++
		o.send(Event{Kind: Started, Result: o.result()})
	}
}

// current is the file that runs now, or the next one to run.
func (o *observer) current() planned { return o.plan[min(len(o.results), len(o.plan)-1)] }

// ended is the result of the current file, which ends now.
func (o *observer) ended() Result {
	r := o.result()
	r.Duration = o.now().Sub(o.since)
	return r
}

// result describes the current file.
func (o *observer) result() Result {
	step := o.current()
	return Result{Version: step.file.version, File: step.file.name, Direction: step.direction,
		Empty: len(step.file.script.statements(step.direction)) == 0}
}

func (o *observer) send(e Event) {
	e.N, e.Of = o.started, len(o.plan)
	o.report(e)
}

func (o *observer) waiting(h Holder) { o.report(Event{Kind: Waiting, Holder: &h}) }

// TraceQueryStart implements pgx.QueryTracer: it keeps the SQL for TraceQueryEnd.
func (o *observer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, tracedSQL{}, d.SQL)
}

// TraceQueryEnd implements pgx.QueryTracer. What fails after the first failure is its consequence.
func (o *observer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryEndData) {
	if d.Err != nil {
		sql, _ := ctx.Value(tracedSQL{}).(string)
		o.refused.CompareAndSwap(nil, &sql)
	}
}

// failed reports whether sql is what failed.
func (o *observer) failed(sql string) bool {
	refused := o.refused.Load()
	return refused != nil && *refused == sql
}

type tracedSQL struct{}
