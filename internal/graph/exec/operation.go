package exec

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/graph"
)

// Operation is one operation on its way through the steps. Each step sees what the steps before it have set.
type Operation struct {
	// Of the request.
	Name       string // operationName; the step Document sets it for the only operation of a document
	Document   string // the text; Documents may set it
	DocumentID string // names a document that the server knows, instead of its text
	Variables  map[string]any
	Extensions map[string]any
	Caller     caller.Caller
	Time       time.Time // request.time
	Safe       bool      // the request came by GET, and must not write

	streams bool // the request takes several answers

	// Set by the step Document. Variables are then coerced to their types.
	Plan      *graph.Plan
	PlanFound bool  // Plan was in memory and did not have to be made
	Cost      int   // with these variables
	MaxCost   int   // for the caller; the step Admit sets it
	Args      []any // of the plan's statement; a mutation binds its statements as it runs them

	// The outcome.
	Data   json.RawMessage
	Cached bool // Data comes from the cache

	Replayed bool // Data is that of an earlier request with the same key
	Err      error
	Took     time.Duration // from the document to the outcome
	Counts   []graph.Count // what a mutation adds to the metrics of the schema; empty unless it is committed

	wantsCost bool   // in the extensions of the answer
	hash      string // by which the request names the document; of Persisted
	document  *ast.QueryDocument
	operation *ast.OperationDefinition
	counts    []graph.Count // of the steps so far

	idempotent *idempotent // nil for a request without a key
	parent     string      // the traceparent of the request, which services get where nothing is traced

	answers [][]byte   // of services, by the number of the call
	called  [][]string // keys that services have answered with

	clock time.Time // when the last part ended, for tracers
}

// Mutation reports whether the operation writes.
func (op *Operation) Mutation() bool { return op.operation.Operation == ast.Mutation }

// Subscription reports whether the operation is answered again and again.
func (op *Operation) Subscription() bool {
	return op.operation != nil && op.operation.Operation == ast.Subscription
}

// Type returns query, mutation or subscription; "" if the document is not valid or does not have the operation.
func (op *Operation) Type() string {
	if op.operation == nil {
		return ""
	}
	return string(op.operation.Operation)
}

// maxFields is how many root fields Fields names.
const maxFields = 3

// Fields names the operation by what the schema calls its root fields: `query prompts, teams`. Unlike the name and the aliases, the
// client cannot choose freely. It is "" before the document is known to be valid.
func (op *Operation) Fields() string {
	if op.operation == nil {
		return ""
	}
	names := rootFields(op.operation.SelectionSet, nil)
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > maxFields {
		names = append(names[:maxFields:maxFields], "…")
	}
	return string(op.operation.Operation) + " " + strings.Join(names, ", ")
}

func rootFields(set ast.SelectionSet, names []string) []string {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			names = append(names, s.Name)
		case *ast.InlineFragment:
			names = rootFields(s.SelectionSet, names)
		case *ast.FragmentSpread:
			if s.Definition != nil {
				names = rootFields(s.Definition.SelectionSet, names)
			}
		}
	}
	return names
}

// cacheable reports whether an answer can come from a cache: what it depends on is rows, of which the plan knows the types.
func (op *Operation) cacheable() bool {
	usesSession := slices.ContainsFunc(op.Plan.Fields, func(f graph.Root) bool { return f.Session != nil })
	isKnown := !op.Plan.Opaque && !usesSession
	return isKnown && !op.Mutation()
}

func (op *Operation) request() graph.Request {
	return graph.Request{Variables: op.Variables, Caller: op.Caller, Time: op.Time, Called: op.called}
}

// A part of a step has a name, which Layout prints and a trace shows.

// Documents decides what text an operation runs, for example one that the project has registered and the request only names.
type Documents interface {
	Name() string
	// Document returns the text to run. A fault refuses the operation.
	Document(ctx context.Context, op *Operation) (string, error)
}

// Limiter admits operations by their caller, plan, cost and arguments.
type Limiter interface {
	Name() string
	// Admit returns a fault to refuse the operation. The RetryAfter of the fault goes to the client.
	Admit(ctx context.Context, op *Operation) error
}

// Cache keeps the answers of queries. The plan says what an answer depends on: Reads, PerCaller and, in Params, the time.
type Cache interface {
	Name() string
	Get(ctx context.Context, op *Operation) (json.RawMessage, bool)
	// Put is given each answer that did not come from Get. It must not change or keep op.
	Put(ctx context.Context, op *Operation)
}

// Observer learns the outcome of each operation, failed ones included: quotas settle, caches drop what was written.
type Observer interface {
	Name() string
	// Settle runs before the client has the answer, even when the client is gone.
	Settle(ctx context.Context, op *Operation)
}

// Tracer follows operations.
type Tracer interface {
	Name() string
	// Operation returns the context for the steps of an operation, and a function that is called when all have ended.
	Operation(ctx context.Context, op *Operation) (context.Context, func())
	// Part learns of each part of each step when it has ended, and with which error.
	Part(ctx context.Context, step, part string, began, ended time.Time, err error)
}
