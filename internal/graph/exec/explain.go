package exec

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/graph"
)

// Explained is an operation as it would run.
type Explained struct {
	Request    graph.Request          // with the variables as their types want them
	Plan       *graph.Plan            // nil if the operation is refused
	Statements []graph.NamedStatement // of the plan
	Values     [][]graph.Value        // of the parameters of each statement
	Decisions  []graph.Decision

	operation *Operation
}

// Explain takes an operation through the step Document, and runs nothing. If the rules forbid the operation, it returns the error and the rules.
func Explain(ctx context.Context, api *graph.API, op *Operation) (Explained, error) {
	p := explaining(Options{API: api})
	op.streams = true // so that subscriptions are explained as the queries that they are
	for _, part := range []func(context.Context, *Operation) error{p.checkSize, p.parse, p.selectOperation, p.coerceVariables} {
		if err := part(ctx, op); err != nil {
			return Explained{}, err
		}
	}
	e := Explained{Request: op.request(), operation: op}
	var err error
	if e.Plan, e.Decisions, err = api.Decide(op.document, op.operation, e.Request); err != nil {
		return e, err
	}
	op.Plan, op.Cost = e.Plan, e.Plan.Cost.Of(op.Variables)
	e.Statements = e.Plan.Statements()
	for _, s := range e.Statements {
		values, err := s.Values(e.Request)
		if err != nil {
			return e, err
		}
		e.Values = append(e.Values, values)
	}
	return e, checkCustoms(ctx, op)
}

// explaining returns a pipeline for one operation.
func explaining(o Options) *pipeline {
	o.Introspection, o.MaxDocument, o.MaxTokens = true, maxDocument, maxTokens
	o.counters, o.hub = &counters{}, &hub{}
	return &pipeline{Options: o, documents: newCache[*ast.QueryDocument](maxDocument), plans: newCache[*graph.Plan](maxDocument)}
}

// Cost returns what the operation costs, and may cost with these limits.
func (e Explained) Cost(l Limits) Cost {
	_ = exceeded(e.operation, l)
	return costOf(e.operation)
}

// Exceeded returns a fault for each of the limits that the operation exceeds.
func (e Explained) Exceeded(l Limits) []error { return exceeded(e.operation, l) }

// Operation returns the type of the operation and its name.
func (e Explained) Operation() (kind, name string) { return e.operation.Type(), e.operation.Name }
