package exec

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg/rls"
)

// Outbox stores the product events of mutations in their transactions, so that an event is there if, and only if, its mutation took effect.
type Outbox interface {
	// Store returns a statement that stores an event if the query returns a row, which is its properties, and the arguments of both. No
	// statement stores none.
	Store(ctx context.Context, op *Operation, event, query string, args []any) (sql string, all []any)

	// Failed learns why a statement of Store has failed, with its mutation.
	Failed(err error)
}

// bound is a statement with its arguments.
type bound struct {
	sql  string
	args []any
}

// resetRole makes the statements that follow those of the service, whose role alone may write events. Nothing else is known of the role that the
// transaction has at this point.
const resetRole = "RESET ROLE"

// events returns the statements that store the events of a step.
func (p *pipeline) events(ctx context.Context, s graph.Step, op *Operation, key []string) (list []bound, err error) {
	if p.Outbox == nil {
		return nil, nil
	}
	for _, e := range s.Events {
		args, err := e.Properties.Bind(op.request(), key)
		if err != nil {
			return nil, err
		}
		if sql, all := p.Outbox.Store(ctx, op, e.Name, e.Properties.SQL, args); sql != "" {
			list = append(list, bound{sql, all})
		}
	}
	return list, nil
}

// store stores the events of a step that reads nothing.
func (p *pipeline) store(ctx context.Context, tx pgx.Tx, s graph.Step, op *Operation, key []string) error {
	events, err := p.events(ctx, s, op, key)
	if err != nil || len(events) == 0 {
		return err
	}
	batch := &pgx.Batch{}
	enforced := p.enforces(op)
	ahead := queueEvents(batch, enforced, events)
	if enforced { // for the deferred triggers of the commit
		role, claims := p.Enforce.Security.Session(op.Caller, true)
		batch.Queue(rls.Become, role, claims)
	}
	results := tx.SendBatch(ctx, batch)
	if err := p.stored(results, ahead); err != nil {
		_ = results.Close() // which returns the same error
		return queryFault(ctx, err)
	}
	if enforced {
		if _, err := results.Exec(); err != nil {
			return queryFault(ctx, unable(err, results.Close()))
		}
	}
	if err := results.Close(); err != nil {
		return queryFault(ctx, err)
	}
	return nil
}

// queueEvents adds the statements of events to a batch, and returns how many it has then.
func queueEvents(batch *pgx.Batch, enforced bool, events []bound) int {
	if len(events) > 0 && enforced {
		batch.Queue(resetRole)
	}
	for _, e := range events {
		batch.Queue(e.sql, e.args...)
	}
	return batch.Len()
}

// stored reads the results of statements of events. An error of theirs is never about a value of the client.
func (p *pipeline) stored(results pgx.BatchResults, statements int) error {
	for range statements {
		_, err := results.Exec()
		var server *pgconn.PgError
		switch {
		case errors.As(err, &server):
			p.Outbox.Failed(err)
			return &fault.Error{Code: fault.Internal, Op: "store a product event", Message: server.Message, Private: true}
		case err != nil:
			return err
		}
	}
	return nil
}
