package metrics

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/schema"
)

// The limits of time series of one metric: combinations of strings, and those of enums and Booleans that are there before the first count.
const (
	maxCombinations = 100
	maxInitialized  = 100
)

// Business are the metrics that the schema declares with @metric. It is a prometheus.Collector that announces no metrics, because a
// development session replaces its schema, and a registry never forgets labels.
type Business struct {
	mu      sync.RWMutex
	metrics map[string]*declared // by name in Prometheus
}

// declared is one metric of the schema.
type declared struct {
	*prometheus.CounterVec
	shape string // what makes it another metric
	free  []int  // labels that no type bounds
	known *bounded
}

// Declare replaces the metrics by those of a schema. Those that stay the same keep their values.
func (b *Business) Declare(s *schema.Schema) {
	next := map[string]*declared{}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range s.Tables {
		for _, m := range t.Metrics {
			d := b.metrics[m.FullName()]
			if d == nil || d.shape != shapeOf(m) {
				d = newDeclared(t, m)
			}
			next[m.FullName()] = d
		}
	}
	b.metrics = next
}

func shapeOf(m schema.Metric) string {
	shape := strings.Join(m.Labels(), ",")
	if m.Sum != nil {
		shape += " " + m.Sum.Name
	}
	return shape
}

func newDeclared(t *schema.Type, m schema.Metric) *declared {
	help := fmt.Sprintf("Rows of %s that mutations created or brought under these labels.", t.Name)
	if m.Sum != nil {
		help = fmt.Sprintf("What mutations added to %s of %s.", m.Sum.Name, t.Name)
	}
	d := &declared{
		CounterVec: prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.FullName(), Help: help}, m.Labels()),
		shape:      shapeOf(m), known: newBounded(maxCombinations),
	}
	combinations := [][]string{{}}
	for i, f := range m.By {
		values := valuesOf(f)
		if values == nil {
			d.free = append(d.free, i)
		}
		combinations = combined(combinations, values)
	}
	for _, labels := range combinations { // so that a rate sees the first count
		d.WithLabelValues(labels...)
	}
	return d
}

// valuesOf returns the values that a label can have, or nil if its type does not bound them.
func valuesOf(f *schema.Field) (values []string) {
	switch {
	case f.Type.Enum != nil:
		for _, v := range f.Type.Enum.Values {
			values = append(values, v.Name)
		}
	case f.Type.Scalar == schema.Boolean:
		values = []string{"false", "true"}
	default:
		return nil
	}
	if !f.Type.NonNull {
		values = append(values, "")
	}
	return values
}

// combined adds a label to combinations of labels. It returns none if there would be too many.
func combined(all [][]string, values []string) (next [][]string) {
	if len(all)*len(values) > maxInitialized {
		return nil
	}
	for _, labels := range all {
		for _, v := range values {
			next = append(next, append(slices.Clone(labels), v))
		}
	}
	return next
}

// add counts what a mutation has added. Counters do not decrease.
func (b *Business) add(ctx context.Context, counts []graph.Count) {
	if len(counts) == 0 {
		return
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, c := range counts {
		d := b.metrics[c.Metric.FullName()]
		isCurrent := d != nil && d.shape == shapeOf(*c.Metric)
		if !isCurrent || !(c.Value > 0) || math.IsInf(c.Value, 0) {
			continue
		}
		increase(ctx, d.WithLabelValues(d.bound(c.Labels)...), c.Value)
	}
}

// bound returns labels with few combinations.
func (d *declared) bound(labels []string) []string {
	labels = slices.Clone(labels)
	var key strings.Builder
	tooLong := false
	for _, i := range d.free {
		labels[i] = strings.ToValidUTF8(labels[i], "\uFFFD")
		tooLong = tooLong || len(labels[i]) > maxValue
		key.WriteString(labels[i] + "\x00")
	}
	if len(d.free) == 0 || (!tooLong && d.known.admit(key.String())) {
		return labels
	}
	for _, i := range d.free {
		labels[i] = Other
	}
	return labels
}

// increase adds a value to a counter. If the trace of ctx is sampled, the value leads to it.
func increase(ctx context.Context, c prometheus.Counter, value float64) {
	span := trace.SpanContextFromContext(ctx)
	if with, ok := c.(prometheus.ExemplarAdder); ok && span.IsSampled() {
		with.AddWithExemplar(value, prometheus.Labels{"trace_id": span.TraceID().String()})
		return
	}
	c.Add(value)
}

// Describe implements prometheus.Collector.
func (*Business) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (b *Business) Collect(to chan<- prometheus.Metric) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, d := range b.metrics {
		d.Collect(to)
	}
}
