package tracing

import (
	"context"
	"strings"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
)

// SQL traces the statements of a pool, for pg.Options. Statements outside a request have no span.
func (t *Tracing) SQL() pgx.QueryTracer {
	return &sqlTracer{t, otelpgx.NewTracer(
		otelpgx.WithTracerProvider(t.provider), otelpgx.WithMeterProvider(noop.NewMeterProvider()),
		otelpgx.WithDisableConnectionDetailsInAttributes(), otelpgx.WithDisableAcquireTracer(), otelpgx.WithQuerySpanNamePrefix(),
	)}
}

// sqlTracer is the tracer of otelpgx, except that waiting for a connection has a span only if it takes long. Its spans have statements with
// values, which the cleaner replaces.
type sqlTracer struct {
	tracing *Tracing
	*otelpgx.Tracer
}

// queryBegan is when a statement began, for Server-Timing.
type queryBegan struct{}

// TraceQueryStart implements pgx.QueryTracer.
func (s *sqlTracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	if timingOf(ctx) != nil {
		ctx = context.WithValue(ctx, queryBegan{}, time.Now())
	}
	data.SQL = bounded(data.SQL)
	return s.Tracer.TraceQueryStart(ctx, conn, data)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (s *sqlTracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	timingOf(ctx).addSQL(ctx)
	s.Tracer.TraceQueryEnd(ctx, conn, data)
}

// TraceBatchStart implements pgx.BatchTracer.
func (s *sqlTracer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	if timingOf(ctx) != nil {
		ctx = context.WithValue(ctx, queryBegan{}, time.Now())
	}
	return s.Tracer.TraceBatchStart(ctx, conn, data)
}

// TraceBatchQuery implements pgx.BatchTracer.
func (s *sqlTracer) TraceBatchQuery(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchQueryData) {
	data.SQL = bounded(data.SQL)
	s.Tracer.TraceBatchQuery(ctx, conn, data)
}

// TraceBatchEnd implements pgx.BatchTracer.
func (s *sqlTracer) TraceBatchEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchEndData) {
	timingOf(ctx).addSQL(ctx)
	s.Tracer.TraceBatchEnd(ctx, conn, data)
}

// TracePrepareStart implements pgx.PrepareTracer.
func (s *sqlTracer) TracePrepareStart(ctx context.Context, conn *pgx.Conn, data pgx.TracePrepareStartData) context.Context {
	data.SQL = bounded(data.SQL)
	return s.Tracer.TracePrepareStart(ctx, conn, data)
}

// bounded returns a statement, or the beginning of a large one, which a span must not keep in memory.
func bounded(sql string) string {
	const beginning = 1 << 10
	if len(sql) <= maxStatement {
		return sql
	}
	return strings.Clone(sql[:beginning])
}

type acquireBegan struct{}

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (s *sqlTracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	return context.WithValue(ctx, acquireBegan{}, time.Now())
}

// TraceAcquireEnd implements pgxpool.AcquireTracer.
func (s *sqlTracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	if began, ok := ctx.Value(acquireBegan{}).(time.Time); ok {
		s.tracing.step(ctx, "wait for a connection", began)
	}
}

// step adds a span for something that has ended, if it took long enough.
func (t *Tracing) step(ctx context.Context, name string, began time.Time, attributes ...attribute.KeyValue) {
	now := time.Now()
	if now.Sub(began) < t.options.Detail {
		return
	}
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(began), trace.WithAttributes(attributes...))
	span.End(trace.WithTimestamp(now))
}
