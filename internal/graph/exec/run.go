package exec

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg"
)

// run answers an operation.
func (p *pipeline) run(ctx context.Context, op *Operation) error {
	if err := p.callServices(ctx, op); err != nil {
		return err
	}
	known, err := p.knownValues(ctx, op)
	if err != nil {
		return err
	}
	if op.Plan.SQL == "" && len(op.Plan.Steps) == 0 {
		op.Data = assemble(op.Plan, known, nil)
		return nil
	}
	if err := p.checkEnforced(ctx); err != nil {
		return err
	}
	end, err := p.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer end()
	if len(op.Plan.Steps) > 0 {
		op.Data, err = p.mutate(ctx, op, known)
	} else {
		op.Data, err = p.query(ctx, op, known)
	}
	return err
}

// knownValues returns the values of the root fields that take no SQL, in their order.
func (p *pipeline) knownValues(ctx context.Context, op *Operation) ([][]byte, error) {
	var values [][]byte
	sessions := sessionsOf{pipeline: p, op: op}
	for _, f := range op.Plan.Fields {
		value, err := f.Value, error(nil)
		switch {
		case f.FromSQL():
			continue
		case f.Introspection != nil:
			value, err = f.Introspection.JSON(op.Variables)
		case f.Session != nil:
			value, err = sessions.value(ctx, f.Session)
		case f.Call != nil:
			value = op.answers[f.Call.Number]
		}
		if err != nil {
			return nil, f.Location.Wrap(err)
		}
		values = append(values, value)
	}
	return values, nil
}

// query runs the statement of a plan, a second time where the connection turns out to be closed.
func (p *pipeline) query(ctx context.Context, op *Operation, known [][]byte) (json.RawMessage, error) {
	reader := p.DB.Read
	if op.Mutation() { // of a service, which may just have written the rows
		reader = p.DB.Write
	}
	data, err := p.queryOnce(ctx, reader(ctx), op, known)
	if stale(err) && ctx.Err() == nil {
		data, err = p.queryOnce(ctx, reader(ctx), op, known)
	}
	if err != nil {
		return nil, queryFault(ctx, err)
	}
	return data, nil
}

// queryOnce assembles the answer while the row's bytes are in the connection's buffer.
func (p *pipeline) queryOnce(ctx context.Context, conn Conn, op *Operation, known [][]byte) (json.RawMessage, error) {
	rows, err := p.ask(ctx, conn, op, false, op.Plan.SQL, op.Args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, err
		}
		return nil, pgx.ErrNoRows
	}
	data := assemble(op.Plan, known, rows.RawValues())
	rows.Close()
	return data, rows.Err()
}

// stale reports whether a statement failed because Postgres had closed the pool's connection, as a restart
// does to all of them. A query may run again on a new one.
func stale(err error) bool {
	var connect *pgconn.ConnectError
	return err != nil && !errors.As(err, &connect) && fault.CodeOf(pg.Fault("", err)) == fault.Unavailable
}

// assemble writes the data of the answer. Each field takes the next known value or the next column of the row.
func assemble(plan *graph.Plan, known, columns [][]byte) json.RawMessage {
	size := 2
	for _, value := range known {
		size += len(value)
	}
	for _, value := range columns {
		size += len(value)
	}
	for _, f := range plan.Fields {
		size += len(f.Key) + 4
	}
	out := make([]byte, 0, size)
	out = append(out, '{')
	for i, f := range plan.Fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = append(out, f.Key...)
		out = append(out, `":`...)
		from := &columns
		if !f.FromSQL() {
			from = &known
		}
		out = append(out, (*from)[0]...)
		*from = (*from)[1:]
	}
	return append(out, '}')
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// queryFault says what an error of our own statement means to the client: Postgres does not answer, or not
// in time, or the client is gone. Anything else is our mistake, whatever Postgres calls it.
func queryFault(ctx context.Context, err error) error {
	f := pg.Fault("run an operation", err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &fault.Error{Code: fault.Canceled, Message: "the client closed the request", Err: f}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &fault.Error{Code: fault.Timeout, Message: "the operation took too long", Err: f}
	}
	switch fault.CodeOf(f) {
	case fault.Unavailable, fault.Timeout, fault.Canceled:
		return f
	}
	var refused *denied
	if errors.As(err, &refused) {
		return &fault.Error{Code: fault.Forbidden, Message: "you are not allowed to do this", Err: f}
	}
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return &fault.Error{Code: fault.Internal, Err: f}
	}
	switch server.Code[:2] {
	case dataException: // about a value that the client gave, or one of a row, which is not shown
		return &fault.Error{Code: fault.Invalid, Message: quoted.ReplaceAllString(server.Message, "…"), Err: f}
	case programLimitExceeded:
		return &fault.Error{Code: fault.Invalid, Message: "the operation is too large for Postgres", Hint: "ask for less at once", Err: f}
	}
	return &fault.Error{Code: fault.Internal, Err: f}
}
