package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
)

// GraphQL are the metrics of operations. It is an exec.Observer.
type GraphQL struct {
	duration *prometheus.HistogramVec
	cost     *prometheus.HistogramVec
	errors   *prometheus.CounterVec

	business *Business

	names  *bounded
	timed  *children[operation, measured]
	failed *children[failure, prometheus.Counter]
}

// operation is a kind of operation. Both parts are empty if the document is not valid.
type operation struct{ name, kind string }

type failure struct {
	operation
	code fault.Code
}

type measured struct{ duration, cost prometheus.Observer }

func newGraphQL(m *Metrics, business *Business, operations int) *GraphQL {
	const name, kind = "graphql_operation_name", "graphql_operation_type"
	g := &GraphQL{
		duration: m.histogram("graphql_operation_duration_seconds", "How long operations took, refused and failed ones included.", seconds, name, kind),
		cost:     m.histogram("graphql_operation_cost", "How many fields operations could return.", prometheus.ExponentialBuckets(1, 4, 9), kind),
		errors:   m.counter("graphql_operation_errors_total", "Operations that were refused or failed, by the code of their error.", name, kind, "error_type"),
		names:    newBounded(operations),
		business: business,
	}
	g.timed = newChildren(func(o operation) measured {
		return measured{g.duration.WithLabelValues(o.name, o.kind), g.cost.WithLabelValues(o.kind)}
	})
	g.failed = newChildren(func(f failure) prometheus.Counter {
		return g.errors.WithLabelValues(f.name, f.kind, string(f.code))
	})
	return g
}

// Name implements exec.Observer.
func (*GraphQL) Name() string { return "metrics" }

// Settle implements exec.Observer.
func (g *GraphQL) Settle(ctx context.Context, op *exec.Operation) {
	o := g.operationOf(op)
	child := g.timed.of(o)
	observe(ctx, child.duration, op.Took.Seconds())
	if op.Plan != nil {
		child.cost.Observe(float64(op.Cost))
	}
	g.business.add(ctx, op.Counts)
	if op.Err != nil {
		g.failed.of(failure{o, fault.CodeOf(op.Err)}).Inc()
	}
}

// operationOf returns the labels of an operation. Clients choose names, so that only the first ones count, and each only once an operation of
// that name has read or written rows: anybody may run one without.
func (g *GraphQL) operationOf(op *exec.Operation) operation {
	o := operation{op.Name, op.Type()}
	switch {
	case o.kind == "":
		o.name = ""
	case o.name == "" || g.names.has(o.name):
	case len(o.name) > maxValue || !deservesName(op) || !g.names.admit(o.name):
		o.name = Other
	}
	return o
}

// deservesName reports whether an operation did something for somebody who may.
func deservesName(op *exec.Operation) bool {
	return op.Err == nil && op.Plan != nil && len(op.Plan.Reads)+len(op.Plan.Writes) > 0
}
