package exec

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/request"
)

// mutate runs the steps of a mutation in one transaction, one after the other: all of them take effect, or none.
func (p *pipeline) mutate(ctx context.Context, op *Operation, known [][]byte) (json.RawMessage, error) {
	if p.MutationTimeout < p.Timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.MutationTimeout)
		defer cancel()
	}
	if batch := oneTrip(op); batch != nil {
		return p.mutateInOneTrip(ctx, op, batch, known)
	}
	tx, err := p.DB.Write(ctx).Begin(ctx)
	if stale(err) && ctx.Err() == nil {
		tx, err = p.DB.Write(ctx).Begin(ctx)
	}
	if err != nil {
		return nil, queryFault(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // which does nothing once it is committed
	if answer, err := p.replay(ctx, tx, op); answer != nil || err != nil {
		return answer, err
	}
	columns := make([][]byte, len(op.Plan.Steps))
	op.counts = nil
	for i, s := range op.Plan.Steps {
		if columns[i], err = p.mutationStep(ctx, tx, s, op); err != nil {
			_ = tx.Rollback(context.WithoutCancel(ctx))
			return nil, s.Location.Wrap(p.explain(ctx, op, i, err))
		}
	}
	answer := assemble(op.Plan, known, columns)
	if err := p.keep(ctx, tx, op, answer); err != nil {
		return nil, err
	}
	if err := tx.Commit(ctx); err != nil { // a deferred constraint fails here
		return nil, locate(op.Plan, err).Wrap(p.writeFault(ctx, err))
	}
	op.Counts = op.counts
	return answer, nil
}

// locate returns the last step that wrote the table that an error of Postgres names, or nil.
func locate(plan *graph.Plan, err error) *graph.Location {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return nil
	}
	for _, s := range slices.Backward(plan.Steps) {
		if s.Table() == server.TableName {
			return s.Location
		}
	}
	return nil
}

// mutationStep writes, and reads the row for the answer.
func (p *pipeline) mutationStep(ctx context.Context, tx pgx.Tx, s graph.Step, op *Operation) ([]byte, error) {
	if s.Deletes { // the row is gone afterwards
		row, err := p.readRow(ctx, tx, s, op, nil) // with the events
		if err != nil {
			return nil, err
		}
		_, err = p.write(ctx, tx, s, op)
		return row, err
	}
	key, err := p.write(ctx, tx, s, op)
	switch {
	case err != nil:
		return nil, err
	case s.Read.SQL == "":
		return []byte(key[0]), p.store(ctx, tx, s, op, key)
	}
	return p.readRow(ctx, tx, s, op, key)
}

// write writes the row of a step with its links, and returns its key.
func (p *pipeline) write(ctx context.Context, tx pgx.Tx, s graph.Step, op *Operation) ([]string, error) {
	key, values, err := p.writeAll(ctx, tx, s, op, afterAll)
	if err == nil {
		err = p.settleNested(ctx, tx, s, op, values)
	}
	switch {
	case err != nil:
		return nil, err
	case s.After.SQL == "": // lists with nothing to connect have no Links, and the rules are left to After all the same
		return key, nil
	}
	all := slices.Clone(key)
	for _, l := range s.Links {
		linked, found, err := p.change(ctx, tx, l.Statement, op, key)
		switch {
		case byPolicy(err):
			return nil, s.Refused()
		case err != nil:
			return nil, err
		case !found:
			return nil, l.Missing()
		}
		all = append(all, linked...)
	}
	_, allowed, err := p.change(ctx, tx, s.After, op, all)
	if err == nil && !allowed {
		return nil, s.Refused()
	}
	return key, err
}

// absent returns why a step has found no row to write.
func (p *pipeline) absent(ctx context.Context, tx pgx.Tx, s graph.Step, op *Operation, values []string) error {
	if s.Current.SQL == "" {
		return s.Missing()
	}
	row, _, err := p.change(ctx, tx, s.Current, op, values)
	switch {
	case err != nil:
		return err
	case row != nil:
		return s.Outdated()
	}
	return s.Missing()
}

// count takes what a step adds to metrics from the texts that it has returned, and returns the key. Metrics fail no write.
func (p *pipeline) count(ctx context.Context, s graph.Step, texts []string, op *Operation) (key []string) {
	last := len(texts) - 1
	list, err := s.Counts(texts[last])
	if err != nil {
		p.Logger.ErrorContext(ctx, "what a mutation adds to metrics cannot be read", request.FieldError, err)
	}
	op.counts = append(op.counts, list...)
	return texts[:last]
}

// change runs a statement of one row, which is texts and then a boolean. The texts are nil if there is no row.
func (p *pipeline) change(ctx context.Context, tx pgx.Tx, s graph.Statement, op *Operation, key []string) (texts []string, ok bool, err error) {
	args, err := s.Bind(op.request(), key)
	if err != nil {
		return nil, false, err
	}
	rows, err := p.ask(ctx, tx, op, true, s.SQL, args)
	if err != nil {
		return nil, false, p.writeFault(ctx, err)
	}
	var values []any
	if rows.Next() {
		values, err = rows.Values()
	}
	rows.Close()
	if err := errors.Join(err, rows.Err()); err != nil {
		return nil, false, p.writeFault(ctx, err)
	}
	if values == nil {
		return nil, false, nil
	}
	last := len(values) - 1
	ok, _ = values[last].(bool)
	texts = make([]string, last)
	for i := range texts {
		texts[i], _ = values[i].(string)
	}
	return texts, ok, nil
}

// readRow returns the JSON of the row of a step. The events of the step are stored in the same round trip.
func (p *pipeline) readRow(ctx context.Context, tx pgx.Tx, s graph.Step, op *Operation, key []string) ([]byte, error) {
	args, err := s.Read.Bind(op.request(), key)
	if err != nil {
		return nil, err
	}
	events, err := p.events(ctx, s, op, key)
	if err != nil {
		return nil, err
	}
	rows, err := p.ask(ctx, tx, op, false, s.Read.SQL, args, events...)
	if err != nil {
		return nil, queryFault(ctx, err)
	}
	defer rows.Close()
	var value []byte
	if rows.Next() {
		value = slices.Clone(rows.RawValues()[0])
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, queryFault(ctx, err)
	}
	return value, nil
}

// The SQLSTATE classes that a client's values can cause: https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	dataException        = "22"
	constraintViolation  = "23"
	transactionRollback  = "40"
	programLimitExceeded = "54"

	uniqueViolation    = "23505"
	checkViolation     = "23514"
	exclusionViolation = "23P01"
)

// writeFault says what an error of a write means to the client: a rule of the schema that its row breaks, a value that its
// column cannot hold, or a conflict with another transaction. Anything else is as for a query.
func (p *pipeline) writeFault(ctx context.Context, err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) || ctx.Err() != nil {
		return queryFault(ctx, err)
	}
	f := &fault.Error{Code: fault.Invalid, Err: pg.Fault("write", err)}
	switch server.Code[:2] {
	case dataException:
		f.Message = server.Message
	case transactionRollback:
		f.Code, f.Message, f.Hint = fault.Conflict, "the operation conflicted with a concurrent write", "retry it"
	case constraintViolation:
		if server.Code == uniqueViolation || server.Code == exclusionViolation || pg.IsForeignKeyViolation(server.Code) {
			f.Code = fault.Conflict
		}
		v := graph.Violation{SQLState: server.Code, Table: server.TableName, Column: server.ColumnName, Constraint: server.ConstraintName}
		return p.violation(ctx, v, f)
	default:
		return queryFault(ctx, err)
	}
	return f
}

// violation says which constraint a row violates, in words for the caller.
func (p *pipeline) violation(ctx context.Context, v graph.Violation, f *fault.Error) error {
	e := p.API.Explain(v, caller.From(ctx))
	f.Message = e.Message
	return &graph.ValueError{Fault: f, Field: e.Field, Constraint: e.Constraint}
}
