package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg"
)

// maxCached is the longest document whose plan is kept, in bytes.
const maxCached = 16 << 10

// executable runs the operations of one API. It implements graphql.ExecutableSchema.
type executable struct {
	api     *graph.API
	options Options
	plans   *lru.Cache[string, *graph.Plan]
}

// Schema implements graphql.ExecutableSchema.
func (e *executable) Schema() *ast.Schema { return e.api.Schema() }

// Complexity implements graphql.ExecutableSchema. The plan counts complexity itself, rows included.
func (e *executable) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

// Exec implements graphql.ExecutableSchema. The errors of the response wrap what caused them.
func (e *executable) Exec(ctx context.Context) graphql.ResponseHandler {
	var response *graphql.Response
	data, err := e.run(ctx, graphql.GetOperationContext(ctx))
	if err != nil {
		response = &graphql.Response{Errors: gqlerror.List{present(err)}}
	} else {
		response = &graphql.Response{Data: data}
	}
	return graphql.OneShot(response)
}

func (e *executable) run(ctx context.Context, op *graphql.OperationContext) (json.RawMessage, error) {
	request := graph.Request{Variables: op.Variables, Caller: caller.From(ctx), Time: e.options.Now()}
	plan, err := e.plan(op, request)
	if err != nil {
		return nil, err
	}
	if n := plan.Cost.Of(op.Variables); n > plan.MaxCost {
		return nil, fault.New(fault.Invalid, "", fmt.Sprintf("the operation can return %d fields; at most %d are allowed", n, plan.MaxCost),
			"select fewer fields, or request smaller pages with first")
	}
	args, err := plan.Bind(request)
	if err != nil {
		return nil, err
	}
	own, err := e.resolve(plan, op.Variables)
	switch {
	case err != nil:
		return nil, err
	case len(plan.Steps) > 0:
		return e.mutate(ctx, plan, request, own)
	case plan.SQL == "":
		return assemble(plan, own, nil), nil
	}
	data, err := e.query(ctx, plan, args, own)
	if stale(err) && ctx.Err() == nil {
		data, err = e.query(ctx, plan, args, own)
	}
	if err != nil {
		return nil, queryFault(ctx, err)
	}
	return data, nil
}

// resolve returns the values of the root fields that take no SQL, in their order.
func (e *executable) resolve(plan *graph.Plan, vars map[string]any) ([][]byte, error) {
	var own [][]byte
	for _, f := range plan.Fields {
		switch {
		case f.FromSQL():
			continue
		case f.Introspection == nil:
			own = append(own, f.Value)
			continue
		case !e.options.Introspection:
			return nil, f.Location.Wrap(fault.New(fault.Forbidden, "", "introspection is off here", "ask whoever runs this server for the schema"))
		}
		value, err := f.Introspection.JSON(vars)
		if err != nil {
			return nil, f.Location.Wrap(err)
		}
		own = append(own, value)
	}
	return own, nil
}

// plan finds or makes the plan of an operation.
func (e *executable) plan(op *graphql.OperationContext, request graph.Request) (*graph.Plan, error) {
	key := op.OperationName + "\x00" + e.api.Shape(op.Operation, request) + "\x00" + op.RawQuery
	if plan, ok := e.plans.Get(key); ok {
		return plan, nil
	}
	plan, err := e.api.Plan(op.Doc, op.Operation, request)
	if err == nil && len(key) <= maxCached {
		e.plans.Add(key, plan)
	}
	return plan, err
}

// query runs the statement of a plan, and assembles the answer while the row's bytes are in the
// connection's buffer.
func (e *executable) query(ctx context.Context, plan *graph.Plan, args []any, own [][]byte) (json.RawMessage, error) {
	rows, err := e.options.DB.Query(ctx, plan.SQL, args...)
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
	data := assemble(plan, own, rows.RawValues())
	rows.Close()
	return data, rows.Err()
}

// stale reports whether a statement failed because Postgres had closed the pool's connection, as a restart
// does to all of them. A query may run again on a new one.
func stale(err error) bool {
	var connect *pgconn.ConnectError
	return err != nil && !errors.As(err, &connect) && fault.CodeOf(pg.Fault("", err)) == fault.Unavailable
}

// assemble writes the data of the answer: in the order of the fields, our own values and the columns of the
// row.
func assemble(plan *graph.Plan, own, columns [][]byte) json.RawMessage {
	size := 2
	for _, value := range slices.Concat(own, columns) {
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
			from = &own
		}
		out = append(out, (*from)[0]...)
		*from = (*from)[1:]
	}
	return append(out, '}')
}

// queryFault says what an error of our own statement means to the client: Postgres does not answer, or not
// in time, or the client is gone. Anything else is our mistake, whatever Postgres calls it.
func queryFault(ctx context.Context, err error) error {
	f := pg.Fault("run an operation", err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return &fault.Error{Code: fault.Canceled, Message: "interrupted", Err: f}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &fault.Error{Code: fault.Timeout, Message: "the operation took too long", Err: f}
	}
	switch fault.CodeOf(f) {
	case fault.Unavailable, fault.Timeout, fault.Canceled:
		return f
	}
	return &fault.Error{Code: fault.Internal, Err: f}
}
