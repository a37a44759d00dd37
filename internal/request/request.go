// Package request passes what identifies a request in its context. The server stores it; logs, traces, events and jobs read it. The package
// does not import other packages of the project, so that every part can use it.
package request

import (
	"context"
	"sync/atomic"
)

// Headers of a request and of its response.
const (
	IDHeader          = "X-Request-ID"
	CorrelationHeader = "X-Correlation-ID"
)

// Headers that posthog-js adds to requests to the API once the person has agreed.
const (
	DistinctIDHeader = "X-PostHog-Distinct-Id"
	SessionIDHeader  = "X-PostHog-Session-Id"
)

// Info identifies a request. Its methods are safe for concurrent use.
type Info struct {
	ID          string // of this request alone
	Correlation string // of everything that one action of a user causes, in all services; the ID if the client sent none

	operation atomic.Pointer[string]
	failure   atomic.Pointer[Failure]
	noted     atomic.Bool
}

// Failure is why a request failed, and the context in which it did, which knows the span of a trace.
type Failure struct {
	Context context.Context //nolint:containedctx // it lives no longer than the request
	Err     error
}

// SetOperation names the GraphQL operation that the request runs.
func (i *Info) SetOperation(name string) { i.operation.Store(&name) }

// Operation returns the name of the GraphQL operation, or "" if it has none.
func (i *Info) Operation() string {
	if name := i.operation.Load(); name != nil {
		return *name
	}
	return ""
}

// Fail keeps the reason why the request fails. The first one counts: later ones only follow from it.
func (i *Info) Fail(ctx context.Context, err error) {
	if i != nil && err != nil {
		i.failure.CompareAndSwap(nil, &Failure{ctx, err})
	}
}

// Failure returns why the request failed, or nil.
func (i *Info) Failure() *Failure { return i.failure.Load() }

// NoteFailure records that the failure of the request is in the list of errors, or does not belong there, so that an outer
// edge does not add it.
func (i *Info) NoteFailure() {
	if i != nil {
		i.noted.Store(true)
	}
}

// FailureNoted reports whether NoteFailure was called.
func (i *Info) FailureNoted() bool { return i.noted.Load() }

type key struct{}

// With returns a context that contains i.
func With(ctx context.Context, i *Info) context.Context { return context.WithValue(ctx, key{}, i) }

// From returns the request that ctx belongs to, or nil.
func From(ctx context.Context) *Info {
	i, _ := ctx.Value(key{}).(*Info)
	return i
}
