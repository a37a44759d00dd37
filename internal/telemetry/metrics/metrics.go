// Package metrics counts what a server does, in the names of OpenTelemetry's semantic conventions where they define some, and serves the
// result to Prometheus. Every label has a bounded number of values, whatever clients send.
//
// See https://opentelemetry.io/docs/specs/semconv/http/http-metrics/ and https://prometheus.io/docs/practices/naming/.
package metrics

import (
	"cmp"
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Other is the value of a label that stands for all values beyond its limit.
const Other = "_OTHER"

// MaxOperations is how many names of GraphQL operations are told apart by default.
const MaxOperations = 200

// Options configure metrics.
type Options struct {
	Version    string // of the binary
	Operations int    // names of GraphQL operations that are told apart; default MaxOperations
}

// Metrics are the metrics of one server. Its methods are safe for concurrent use.
type Metrics struct {
	HTTP     *HTTP
	GraphQL  *GraphQL
	Business *Business
	Auth     *Auth

	registry *prometheus.Registry
	families []Family
}

// Family describes metrics of one name.
type Family struct {
	Name   string
	Kind   string // counter, gauge or histogram
	Labels []string
	Help   string
}

// New returns metrics that have counted nothing.
func New(o Options) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	build := m.gauge("krowoc_build_info", "The version of Krowoc and of Go; always 1.", "version", "goversion")
	build.WithLabelValues(o.Version, runtime.Version()).Set(1)
	m.HTTP = newHTTP(m)
	m.Business = &Business{}
	m.registry.MustRegister(m.Business)
	m.GraphQL = newGraphQL(m, m.Business, cmp.Or(o.Operations, MaxOperations))
	m.Auth = newAuth(m)
	return m
}

// Families describes the metrics, without those of the Go runtime, of the process and of the schema.
func (m *Metrics) Families() []Family { return m.families }

func (m *Metrics) has(name string) bool {
	return slices.ContainsFunc(m.families, func(f Family) bool { return f.Name == name })
}

func (m *Metrics) describe(kind, name, help string, labels []string) {
	m.families = append(m.families, Family{Name: name, Kind: kind, Labels: labels, Help: help})
}

// desc describes a metric of a collector.
func (m *Metrics) desc(kind, name, help string, labels ...string) *prometheus.Desc {
	m.describe(kind, name, help, labels)
	return prometheus.NewDesc(name, help, labels, nil)
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	m.describe("counter", name, help, labels)
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

func (m *Metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	m.describe("gauge", name, help, labels)
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

// The resolution of native histograms: neighbouring buckets differ by 10 % at most, and there are never more than 100.
const (
	nativeFactor  = 1.1
	nativeBuckets = 100
)

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	m.describe("histogram", name, help, labels)
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets, NativeHistogramBucketFactor: nativeFactor, NativeHistogramMaxBucketNumber: nativeBuckets,
	}, labels)
	m.registry.MustRegister(v)
	return v
}

// seconds are buckets for durations: a lookup by key takes half a millisecond, and operations time out after 30 seconds by default.
var seconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// bytes are buckets for sizes, from 256 bytes to 16 MiB.
var bytes = prometheus.ExponentialBuckets(256, 4, 9)
