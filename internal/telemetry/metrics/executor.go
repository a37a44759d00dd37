package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

// executor collects the statistics of the handler of operations.
type executor struct {
	stats func() exec.Stats

	hits, misses, entries, memory *prometheus.Desc
	turns, most, refused          *prometheus.Desc
}

// WatchOperations adds the statistics of the handler of operations.
func (m *Metrics) WatchOperations(stats func() exec.Stats) {
	m.registry.MustRegister(&executor{
		stats:   stats,
		hits:    m.desc("counter", "krowoc_graphql_cache_hits_total", "Documents and plans that were found in memory.", "cache"),
		misses:  m.desc("counter", "krowoc_graphql_cache_misses_total", "Documents that were parsed, and operations that were planned.", "cache"),
		entries: m.desc("gauge", "krowoc_graphql_cache_entries", "Documents and plans in memory.", "cache"),
		memory:  m.desc("gauge", "krowoc_graphql_cache_bytes", "Memory that documents and plans take, estimated.", "cache"),
		turns:   m.desc("gauge", "krowoc_graphql_turns", "Operations that run in Postgres or wait for their turn.", "state"),
		most:    m.desc("gauge", "krowoc_graphql_turns_max", "How many operations run in Postgres at once; 0 without a limit."),
		refused: m.desc("counter", "krowoc_graphql_turns_refused_total", "Operations that were refused because none of those before them ended in time."),
	})
	m.watchLive(stats)
}

// Describe implements prometheus.Collector.
func (e *executor) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{e.hits, e.misses, e.entries, e.memory, e.turns, e.most, e.refused} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (e *executor) Collect(to chan<- prometheus.Metric) {
	s := e.stats()
	gauge := func(d *prometheus.Desc, value int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	counter := func(d *prometheus.Desc, value uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	for _, c := range []struct {
		name string
		exec.CacheStats
	}{{"documents", s.Documents}, {"plans", s.Plans}} {
		counter(e.hits, c.Hits, c.name)
		counter(e.misses, c.Misses, c.name)
		gauge(e.entries, c.Entries, c.name)
		gauge(e.memory, c.Bytes, c.name)
	}
	gauge(e.turns, s.Turns.Running, "running")
	gauge(e.turns, s.Turns.Waiting, "waiting")
	gauge(e.most, s.Turns.Most)
	counter(e.refused, s.Turns.Refused)
}
