// Package errorlog keeps a list of a project's errors in its database: each kind of error once, with how often it occurred, when, in
// which releases, and a few samples.
//
// It stores no values of users: no bodies, headers, queries or variables, and of messages only what remains when numbers, IDs, addresses
// and quoted text are replaced, see Normalise. What a person needs beyond this is in the log, under the request ID of a sample.
package errorlog

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/request"
)

// Edge is where an error left the program, or where it came from.
type Edge string

// The edges.
const (
	HTTP    Edge = "http"
	GraphQL Edge = "graphql"
	CLI     Edge = "cli"
	Browser Edge = "browser" // reported by a front end

	recorder Edge = "recorder" // errors that were lost
)

// Event is one error.
type Event struct {
	Edge      Edge
	Place     string // the route, the root fields of an operation, or the command: few different texts, none chosen by clients
	Operation string // the name that the client gave the operation; only samples have it
	Err       error

	// Of errors that another program reports, in the place of Err.
	Category fault.Code
	Message  string
	Stack    string
	Page     string // path of the page
	Release  string // of the front end

	// What the event belongs to. Record takes it from the context.
	RequestID, CorrelationID, TraceID string
	Time                              time.Time
}

// identify adds what the context knows.
func (e *Event) identify(ctx context.Context) {
	if info := request.From(ctx); info != nil {
		e.RequestID, e.CorrelationID = info.ID, info.Correlation
		if e.Operation == "" {
			e.Operation = info.Operation()
		}
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() && e.TraceID == "" {
		e.TraceID = span.TraceID().String()
	}
}

// Sample is one occurrence of an error.
type Sample struct {
	Time          time.Time `json:"time"`
	Release       string    `json:"release,omitempty"`
	Environment   string    `json:"environment,omitempty"`
	Operation     string    `json:"operation,omitempty"`
	Page          string    `json:"page,omitempty"`
	RequestID     string    `json:"requestId,omitempty"`
	CorrelationID string    `json:"correlationId,omitempty"`
	TraceID       string    `json:"traceId,omitempty"`
	Stack         string    `json:"stack,omitempty"`
}
