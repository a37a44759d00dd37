package exec

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/graph"
)

// Explained is an operation as it would run.
type Explained struct {
	Request   graph.Request // with the variables as their types want them
	Plan      *graph.Plan   // nil if the operation is refused
	Decisions []graph.Decision
}

// Explain takes an operation through the step Document, and runs nothing. If the rules forbid the operation, it returns the error and the rules.
func Explain(ctx context.Context, api *graph.API, op *Operation) (Explained, error) {
	p := &pipeline{
		Options:   Options{API: api, Introspection: true, MaxDocument: maxDocument, MaxTokens: maxTokens, counters: &counters{}},
		documents: newCache[*ast.QueryDocument](maxDocument), plans: newCache[*graph.Plan](maxDocument),
	}
	for _, part := range []func(context.Context, *Operation) error{p.checkSize, p.parse, p.selectOperation, p.coerceVariables} {
		if err := part(ctx, op); err != nil {
			return Explained{}, err
		}
	}
	plan, decisions, err := api.Decide(op.document, op.operation, op.request())
	return Explained{op.request(), plan, decisions}, err
}
