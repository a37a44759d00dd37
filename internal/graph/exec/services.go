package exec

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/schema"
)

// Services answers fields with @http.
type Services interface {
	// Call asks the service of a field, and returns the JSON that it answers with. A fault is for the client.
	Call(ctx context.Context, r ServiceRequest) ([]byte, error)
}

// ServiceRequest is what a service is asked.
type ServiceRequest struct {
	Field     *schema.Custom
	Arguments graph.CallArguments
	Caller    caller.Caller
	Time      time.Time // request.time
	Key       string    // the Idempotency-Key of a mutation, or ""
	Parent    string    // the traceparent of the request of the client, or ""
}

// serviceError marks a failure of a service. The API itself is there, so that clients get an answer of GraphQL.
type serviceError struct{ error }

// Unwrap returns the fault.
func (e *serviceError) Unwrap() error { return e.error }

// callServices asks the services of an operation, all at the same time, before its statement runs. No connection to the database waits for them. The
// first failure ends the others.
func (p *pipeline) callServices(ctx context.Context, op *Operation) error {
	calls, requests, err := p.serviceRequests(op)
	if err != nil || len(calls) == 0 {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	op.answers, op.called = make([][]byte, len(calls)), make([][]string, len(calls))
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			if err := p.callService(ctx, op, calls[i], requests[i]); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	op.Args, err = op.Plan.Bind(op.request()) // with the keys
	return err
}

// serviceRequests returns the calls of an operation. All arguments are valid before any service is asked.
func (p *pipeline) serviceRequests(op *Operation) (calls []*graph.Call, requests []ServiceRequest, err error) {
	for _, f := range op.Plan.Fields {
		if f.Call == nil {
			continue
		}
		if p.Services == nil {
			return nil, nil, f.Location.Wrap(fault.New(fault.Forbidden, "", "this server does not call other services"))
		}
		arguments, err := f.Call.Arguments(op.Variables)
		if err != nil {
			return nil, nil, f.Location.Wrap(err)
		}
		r := ServiceRequest{Field: f.Call.Field, Arguments: arguments, Caller: op.Caller, Time: op.Time, Parent: op.parent}
		if isKeyed := op.idempotent != nil && op.Mutation(); isKeyed {
			r.Key = op.idempotent.key
		}
		calls, requests = append(calls, f.Call), append(requests, r)
	}
	return calls, requests, nil
}

// callService keeps the answer of a service, once it is of the type of the field.
func (p *pipeline) callService(ctx context.Context, op *Operation, call *graph.Call, r ServiceRequest) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &fault.Error{Code: fault.Internal, Op: "call a service", Message: "panic", Err: &fault.Panic{Value: v, Stack: debug.Stack()}}
		}
		if err != nil {
			err = call.Location.Wrap(&serviceError{err})
		}
	}()
	answer, err := p.Services.Call(ctx, r)
	if err != nil {
		return err
	}
	if call.ReadsRows() {
		op.called[call.Number], err = call.Keys(answer)
	} else {
		op.answers[call.Number], err = call.Value(answer)
	}
	if err != nil {
		return &fault.Error{Code: fault.Upstream, Op: "read the answer of " + call.Field.HTTP.URL.Text,
			Message: fmt.Sprintf("the answer does not fit %s: %v", call.Field.Name, err),
			Hint:    "correct the service, or the type of " + call.Field.Name + " in the schema"}
	}
	return nil
}
