package exec

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/graph"
)

// oneTrip returns the statements of a mutation that is one round trip. It is nil for others, for those with a key that is kept, and if a value is not valid: those of the answer are
// checked after the row is written, and one that cannot be written matters more.
func oneTrip(op *Operation) *pgx.Batch {
	trip := op.Plan.Steps[0].OneTrip
	if trip == nil || op.idempotent != nil {
		return nil
	}
	batch := &pgx.Batch{}
	for _, s := range []graph.Statement{trip.Write, trip.Read} {
		args, err := s.Bind(op.request(), nil)
		if err != nil {
			return nil
		}
		batch.Queue(s.SQL, args...)
	}
	return batch
}

// mutateInOneTrip runs a mutation of one step in one round trip, which is a transaction because a single Sync ends it:
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING.
func (p *pipeline) mutateInOneTrip(ctx context.Context, op *Operation, batch *pgx.Batch, known [][]byte) (json.RawMessage, error) {
	step := op.Plan.Steps[0]
	answer, err := p.sendOneTrip(ctx, op, batch)
	if pgconn.SafeToRetry(err) && ctx.Err() == nil { // nothing was sent; after `stale`, Postgres may have committed
		answer, err = p.sendOneTrip(ctx, op, oneTrip(op))
	}
	switch {
	case isRefusal(err):
		return nil, step.Location.Wrap(step.Refused())
	case err != nil:
		return nil, step.Location.Wrap(p.explain(ctx, op, 0, err))
	case answer == nil:
		return nil, step.Location.Wrap(step.Missing())
	}
	op.Counts = op.counts
	return assemble(op.Plan, known, [][]byte{answer}), nil
}

// sendOneTrip returns the JSON of the row, or nil if there is no row to write.
func (p *pipeline) sendOneTrip(ctx context.Context, op *Operation, batch *pgx.Batch) ([]byte, error) {
	results := p.DB.Write(ctx).SendBatch(ctx, batch)
	written, err := firstRow(results)
	if err != nil {
		return nil, p.writeFault(ctx, errors.Join(err, results.Close()))
	}
	answer, err := firstRow(results)
	closing := results.Close() // the commit, where a deferred constraint fails
	switch {
	case err != nil:
		return nil, queryFault(ctx, err)
	case closing != nil:
		return nil, p.writeFault(ctx, closing)
	case written == nil:
		return nil, nil
	}
	op.counts = nil
	if step := op.Plan.Steps[0]; step.Counted {
		texts := make([]string, len(written)-1) // without whether the rules allow the row, which they do
		for i := range texts {
			texts[i] = string(written[i])
		}
		p.count(ctx, step, texts, op)
	}
	return answer[0], nil
}

// firstRow returns the values of the first row of the next statement of a batch, or nil if it has none.
func firstRow(results pgx.BatchResults) (values [][]byte, err error) {
	rows, err := results.Query()
	if err != nil {
		return nil, err
	}
	if rows.Next() {
		for _, raw := range rows.RawValues() {
			values = append(values, slices.Clone(raw))
		}
	}
	rows.Close()
	return values, rows.Err()
}

// invalidText is what Postgres says of a text that is not a boolean.
const invalidText = "22P02" // https://www.postgresql.org/docs/current/errcodes-appendix.html

// isRefusal reports whether a statement has failed because the rules do not allow the row that it has written.
func isRefusal(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.Code == invalidText && strings.Contains(server.Message, graph.RefusedRow)
}
