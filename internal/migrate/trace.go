package migrate

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// tracer tells the tracer of a connection about the statements of a batch. The batch is one message, for which pgx knows no statements; the
// marks between them tell when each begins.
type tracer struct {
	ctx     context.Context
	conn    *pgx.Conn
	tracer  pgx.QueryTracer // nil traces nothing
	running context.Context // of the statement that runs; nil between statements
}

func newTracer(ctx context.Context, conn *pgx.Conn) *tracer {
	return &tracer{ctx: ctx, conn: conn, tracer: conn.Config().Tracer}
}

// begin notes that a statement begins.
func (t *tracer) begin(sql string) {
	if t.tracer != nil && sql != "" {
		t.running = t.tracer.TraceQueryStart(t.ctx, t.conn, pgx.TraceQueryStartData{SQL: sql})
	}
}

// end notes that the statement that runs, if one does, has ended.
func (t *tracer) end(tag pgconn.CommandTag, err error) {
	if t.running != nil {
		t.tracer.TraceQueryEnd(t.running, t.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
		t.running = nil
	}
}
