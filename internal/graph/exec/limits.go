package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// Limits bound the operations of a caller. They can only be lower than those of the API; 0 leaves these.
type Limits struct {
	MaxDepth      int `json:"maxDepth"`
	MaxComplexity int `json:"maxComplexity"`
	MaxAliases    int `json:"maxAliases"`
	MaxPageSize   int `json:"maxPageSize"`
}

// limitsOf returns the limits of the caller of an operation.
func (p *pipeline) limitsOf(who caller.Caller) (l Limits) {
	if p.Limits != nil {
		l = p.Limits(who)
	}
	return l
}

// checkLimits refuses what is more than the caller may ask for at once. The plan holds the limits of the API already.
func (p *pipeline) checkLimits(_ context.Context, op *Operation) error {
	if over := exceeded(op, p.limitsOf(op.Caller)); len(over) > 0 {
		return over[0]
	}
	return nil
}

// exceeded returns a fault for each limit that an operation exceeds, and sets its MaxCost.
func exceeded(op *Operation, l Limits) (list []error) {
	add := func(err error) {
		if err != nil {
			list = append(list, err)
		}
	}
	op.MaxCost = op.Plan.MaxCost
	if l.MaxComplexity > 0 {
		op.MaxCost = min(op.MaxCost, l.MaxComplexity)
	}
	if l.MaxDepth > 0 {
		add(op.Plan.Depth.Check(l.MaxDepth))
	}
	if l.MaxAliases > 0 {
		add(op.Plan.Aliases.Check(l.MaxAliases))
	}
	if l.MaxPageSize > 0 {
		add(op.Plan.Cost.CheckPages(op.Variables, l.MaxPageSize))
	}
	if op.Cost > op.MaxCost {
		add(tooCostly(op))
	}
	return list
}

// costError is the refusal of an operation because of its cost.
type costError struct {
	error
	cost Cost
}

// Unwrap returns the fault.
func (e *costError) Unwrap() error { return e.error }

// tooCostly names the list that costs most, because a smaller page of it helps most.
func tooCostly(op *Operation) error {
	message := fmt.Sprintf("the operation can return %d fields; at most %d are allowed", op.Cost, op.MaxCost)
	list := op.Plan.Cost.Largest(op.Variables)
	if list.Location != nil {
		message += fmt.Sprintf(". Most are of %s, with up to %d rows and %d fields", strings.Join(list.Location.Path(), "."), list.Rows, list.Fields)
	}
	f := fault.New(fault.Invalid, "", message, "select fewer fields, or request smaller pages with first")
	return list.Location.Wrap(&costError{f, costOf(op)})
}

// Cost is what an operation costs and may cost, for clients that ask.
type Cost struct {
	Fields    int `json:"fields"`    // that the answer can have, once per row of its pages
	MaxFields int `json:"maxFields"` // for this caller
	Depth     int `json:"depth"`     // levels
	Aliases   int `json:"aliases"`   // those of fragments once per spread
}

func costOf(op *Operation) Cost {
	return Cost{op.Cost, op.MaxCost, op.Plan.Depth.Levels, op.Plan.Aliases.Count}
}

// wantsCost reports whether the client asks for the cost, by a header or by an extension.
func wantsCost(header string, extensions map[string]any) bool {
	return header == "1" || extensions["cost"] == true
}
