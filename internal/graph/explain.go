package graph

import (
	"slices"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// Decision is a place where rules decide what an operation reads or writes. The caller is allowed what any of the rules allows.
type Decision struct {
	Type      *schema.Type
	Field     *schema.Field // with rules of its own; nil for the rows of the type
	Operation schema.Operation
	Rules     []schema.Rule // for the operation; one that allows everybody stands for all. None for a field that only Fresh restricts
	Fresh     time.Duration // how long ago the caller may have logged in; 0 for any time
}

// Decide plans an operation and returns the rules that decide about it. It returns them also if they forbid the operation.
func (a *API) Decide(doc *ast.QueryDocument, op *ast.OperationDefinition, r Request) (*Plan, []Decision, error) {
	var decisions []Decision
	b := newBuilder(a, kind(r.Caller))
	b.decisions = &decisions
	plan, err := a.plan(b, doc, op, r)
	return plan, decisions, err
}

// decide records what rules decide, once.
func (b *builder) decide(a access, t *schema.Type) {
	if b.decisions == nil || a.operation == "" {
		return
	}
	d := Decision{Type: t, Field: a.field, Operation: a.operation, Rules: a.rules, Fresh: a.fresh}
	if !slices.ContainsFunc(*b.decisions, func(o Decision) bool { return o.Type == t && o.Field == a.field && o.Operation == a.operation }) {
		*b.decisions = append(*b.decisions, d)
	}
}
