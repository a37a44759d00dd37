package tracing

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/request"
)

// SQL traces the statements of a pool, for pg.Options. Statements outside a request have no span.
//
// See https://opentelemetry.io/docs/specs/semconv/db/postgresql/.
func (t *Tracing) SQL() pgx.QueryTracer { return sqlTracer{t} }

type sqlTracer struct{ *Tracing }

// statement begins a span for a statement.
func (t sqlTracer) statement(ctx context.Context, text string) (context.Context, *span) {
	if spanOf(ctx) == nil {
		return ctx, nil
	}
	ctx, s := t.begin(ctx, "SQL", trace.SpanKindClient, time.Now())
	s.sql.text = bounded(text)
	return ctx, s
}

// ended ends the span of a statement, or of more.
func (t sqlTracer) ended(s *span, err error) {
	now := time.Now()
	if !s.sql.prepares { // which is a part of the statement
		s.work.timing.sql.Add(int64(now.Sub(s.start)))
	}
	s.fails(err)
	s.finish(now)
}

// fails notes what kind of error a statement had. Its text can quote values.
func (s *span) fails(err error) {
	if err == nil || errors.Is(err, pgx.ErrNoRows) {
		return
	}
	s.failed = true
	if server := (*pgconn.PgError)(nil); errors.As(err, &server) {
		s.cause = server.Code
		return
	}
	s.cause = string(fault.CodeOf(pg.Fault("", err)))
}

// TraceQueryStart implements pgx.QueryTracer.
func (t sqlTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	ctx, _ = t.statement(ctx, data.SQL)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t sqlTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if s := spanOf(ctx); s != nil {
		if data.Err == nil {
			s.sql.rows = data.CommandTag.RowsAffected()
		}
		t.ended(s, data.Err)
	}
}

// TracePrepareStart implements pgx.PrepareTracer.
func (t sqlTracer) TracePrepareStart(ctx context.Context, _ *pgx.Conn, data pgx.TracePrepareStartData) context.Context {
	ctx, s := t.statement(ctx, data.SQL)
	if s != nil {
		s.name, s.sql.prepares = preparing, true
	}
	return ctx
}

// TracePrepareEnd implements pgx.PrepareTracer.
func (t sqlTracer) TracePrepareEnd(ctx context.Context, _ *pgx.Conn, data pgx.TracePrepareEndData) {
	if s := spanOf(ctx); s != nil {
		t.ended(s, data.Err)
	}
}

// TraceBatchStart implements pgx.BatchTracer.
func (t sqlTracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	ctx, s := t.statement(ctx, "")
	if s != nil {
		s.name, s.sql.last = "BATCH", s.start
		s.attributes = append(s.attributes, attribute.Int("db.operation.batch.size", data.Batch.Len()))
	}
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer. It is called when a statement has ended; the one before ended when it began.
func (t sqlTracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	batch := spanOf(ctx)
	if batch == nil {
		return
	}
	now := time.Now()
	_, s := t.begin(ctx, "SQL", trace.SpanKindClient, batch.sql.last)
	batch.sql.last, s.sql.text = now, bounded(data.SQL)
	if data.Err == nil {
		s.sql.rows = data.CommandTag.RowsAffected()
	}
	s.fails(data.Err)
	s.finish(now)
}

// TraceBatchEnd implements pgx.BatchTracer.
func (t sqlTracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	if s := spanOf(ctx); s != nil {
		t.ended(s, data.Err)
	}
}

// TraceCopyFromStart implements pgx.CopyFromTracer.
func (t sqlTracer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	ctx, s := t.statement(ctx, "")
	if s != nil {
		s.name = request.Clip("COPY "+strings.Join(data.TableName, "."), maxName)
	}
	return ctx
}

// TraceCopyFromEnd implements pgx.CopyFromTracer.
func (t sqlTracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	if s := spanOf(ctx); s != nil {
		t.ended(s, data.Err)
	}
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
func (t sqlTracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	if spanOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, acquireBegan{}, time.Now())
}

// TraceAcquireEnd implements pgxpool.AcquireTracer.
func (t sqlTracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	if began, ok := ctx.Value(acquireBegan{}).(time.Time); ok {
		t.step(ctx, "wait for a connection", began, time.Now())
	}
}

// step adds a span for something that has ended, if it took long enough.
func (t *Tracing) step(ctx context.Context, name string, began, ended time.Time) {
	if ended.Sub(began) >= t.options.Detail && spanOf(ctx) != nil {
		_, s := t.begin(ctx, name, trace.SpanKindInternal, began)
		s.finish(ended)
	}
}
