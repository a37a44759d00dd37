package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// observe adds a value to a histogram. If the trace of ctx is sampled, the value leads to it.
func observe(ctx context.Context, to prometheus.Observer, value float64) {
	span := trace.SpanContextFromContext(ctx)
	if with, ok := to.(prometheus.ExemplarObserver); ok && span.IsSampled() {
		with.ObserveWithExemplar(value, prometheus.Labels{"trace_id": span.TraceID().String()})
		return
	}
	to.Observe(value)
}
