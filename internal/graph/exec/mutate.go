package exec

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg"
)

// mutate runs the steps of a mutation in one transaction, one after the other: all of them take effect, or none.
func (e *executable) mutate(ctx context.Context, plan *graph.Plan, request graph.Request, own [][]byte) (json.RawMessage, error) {
	tx, err := e.options.DB.Begin(ctx)
	if stale(err) && ctx.Err() == nil {
		tx, err = e.options.DB.Begin(ctx)
	}
	if err != nil {
		return nil, queryFault(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // which does nothing once it is committed
	columns := make([][]byte, len(plan.Steps))
	for i, s := range plan.Steps {
		if columns[i], err = e.step(ctx, tx, s, request); err != nil {
			return nil, s.Location.Wrap(err)
		}
	}
	if err := tx.Commit(ctx); err != nil { // a deferred constraint fails here
		return nil, locate(plan, err).Wrap(e.writeFault(ctx, err))
	}
	return assemble(plan, own, columns), nil
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

// step writes, and reads the row for the answer.
func (e *executable) step(ctx context.Context, tx pgx.Tx, s graph.Step, request graph.Request) ([]byte, error) {
	var gone []byte
	var err error
	if s.Deletes {
		if gone, err = e.read(ctx, tx, s, request, nil); err != nil {
			return nil, err
		}
	}
	args, err := s.Write.Bind(request, nil)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, s.Write.SQL, args...)
	if err != nil {
		return nil, e.writeFault(ctx, err)
	}
	var values []any
	if rows.Next() {
		values, err = rows.Values()
	}
	rows.Close()
	if err := errors.Join(err, rows.Err()); err != nil {
		return nil, e.writeFault(ctx, err)
	}
	if values == nil {
		return nil, s.Missing()
	}
	last := len(values) - 1
	if allowed, ok := values[last].(bool); !ok || !allowed {
		return nil, s.Refused()
	}
	if s.Deletes {
		return gone, nil
	}
	key := make([]string, last)
	for i := range key {
		key[i], _ = values[i].(string)
	}
	return e.read(ctx, tx, s, request, key)
}

// read returns the JSON of the row of a step.
func (e *executable) read(ctx context.Context, tx pgx.Tx, s graph.Step, request graph.Request, key []string) ([]byte, error) {
	args, err := s.Read.Bind(request, key)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, s.Read.SQL, args...)
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

// writeFault says what an error of a write means to the client: a rule of the schema that its row breaks, a value that its
// column cannot hold, another write in the way. Anything else is as for a query.
func (e *executable) writeFault(ctx context.Context, err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) || ctx.Err() != nil {
		return queryFault(ctx, err)
	}
	said, known := e.api.Blame(graph.Violation{SQLState: server.Code, Table: server.TableName, Column: server.ColumnName, Constraint: server.ConstraintName})
	code := fault.Invalid
	switch class := server.Code[:2]; {
	case server.Code == "23505" || server.Code == "23503" || class == "40":
		code = fault.Conflict
	case class == "22" || class == "23":
	default:
		return queryFault(ctx, err)
	}
	switch {
	case known:
	case class(server) == "23":
		said = "the database refuses the row: " + server.ConstraintName
	case class(server) == "40":
		said = "another write was in the way"
	default:
		said = server.Message // of a value that the client gave
	}
	return &fault.Error{Code: code, Message: said, Err: pg.Fault("write", err)}
}

// class is the kind of an error: the first two digits of its SQLSTATE.
func class(e *pgconn.PgError) string { return e.Code[:2] }
