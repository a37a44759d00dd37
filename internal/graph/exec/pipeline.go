package exec

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/request"
)

// part is one thing that a step does. An error ends the operation; Settle still runs.
type part struct {
	name string
	run  func(ctx context.Context, op *Operation) error
}

// step is a stage of an operation.
type step struct {
	name  string
	parts []part
}

// pipeline runs the operations of one API.
type pipeline struct {
	Options
	documents *cache[*ast.QueryDocument]
	plans     *cache[*graph.Plan]
	steps     []step
	settle    step
	again     []step // of a subscription, when something has changed
}

func newPipeline(o Options) *pipeline {
	p := &pipeline{Options: o, documents: newCache[*ast.QueryDocument](o.CacheBytes / 2), plans: newCache[*graph.Plan](o.CacheBytes / 2)}
	p.steps = []step{
		{"Document", p.documentParts()},
		{"Admit", p.admitParts()},
		{"Cached", p.cachedParts()},
		{"Run", []part{{"query or mutation", p.run}}},
	}
	p.again = []step{{"Run", []part{{"arguments", p.bind}, {"query", p.run}}}}
	p.settle = step{"Settle", p.settleParts()}
	return p
}

// layout prints the steps.
func (p *pipeline) layout() string {
	var b strings.Builder
	for _, s := range append(slices.Clone(p.steps), p.settle) {
		fmt.Fprintln(&b, s.name)
		for _, part := range s.parts {
			fmt.Fprintln(&b, "  "+part.name)
		}
	}
	for _, t := range p.Tracers {
		fmt.Fprintln(&b, "traces: "+t.Name())
	}
	return b.String()
}

// execute takes an operation through the steps. Its outcome is in op.
func (p *pipeline) execute(ctx context.Context, op *Operation) {
	op.clock = time.Now()
	for _, t := range p.Tracers {
		traced, end := t.Operation(ctx, op)
		ctx = traced
		defer end()
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	began := time.Now()
	op.Err = p.attempt(ctx, op, p.steps)
	op.Took = time.Since(began)
	p.settleAll(ctx, op)
}

// settleAll tells those who learn of the outcome, also when the client is gone.
func (p *pipeline) settleAll(ctx context.Context, op *Operation) {
	ctx = context.WithoutCancel(ctx)
	for _, part := range p.settle.parts {
		_ = p.runPart(ctx, p.settle.name, part, op)
	}
}

// attempt runs steps up to the outcome. A panic becomes an internal fault, and its stack goes to the log only.
func (p *pipeline) attempt(ctx context.Context, op *Operation, steps []step) (err error) {
	defer func() {
		if v := recover(); v != nil {
			cause := &fault.Panic{Value: v, Stack: debug.Stack()}
			p.Logger.ErrorContext(ctx, "panic in an operation", request.FieldPanic, fmt.Sprint(v), request.FieldStack, string(cause.Stack))
			if p.Panicked != nil {
				p.Panicked(ctx, v)
			}
			err = &fault.Error{Code: fault.Internal, Op: "run an operation", Message: "panic", Err: cause}
		}
	}()
	for _, s := range steps {
		if op.Data != nil {
			break // the cache has answered
		}
		for _, part := range s.parts {
			if err := p.runPart(ctx, s.name, part, op); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pipeline) runPart(ctx context.Context, step string, part part, op *Operation) error {
	if len(p.Tracers) == 0 || op.streams { // a trace is of one answer
		return part.run(ctx, op)
	}
	err := part.run(ctx, op)
	began := op.clock
	op.clock = time.Now()
	for _, t := range p.Tracers {
		t.Part(ctx, step, part.name, began, op.clock, err)
	}
	return err
}
