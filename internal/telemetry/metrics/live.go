package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

// live collects the statistics of subscriptions.
type live struct {
	stats func() exec.Stats

	streams, subscriptions, queries, dropped *prometheus.Desc
}

// watchLive adds the statistics of subscriptions.
func (m *Metrics) watchLive(stats func() exec.Stats) {
	m.registry.MustRegister(&live{
		stats:         stats,
		streams:       m.desc("gauge", "krowoc_graphql_streams", "Open WebSockets and event streams."),
		subscriptions: m.desc("gauge", "krowoc_graphql_subscriptions", "Subscriptions on them."),
		queries:       m.desc("gauge", "krowoc_graphql_live_queries", "Queries that answer the subscriptions; those that are alike share one."),
		dropped:       m.desc("counter", "krowoc_graphql_streams_dropped_total", "Streams that were closed because their clients read too slowly."),
	})
}

// Describe implements prometheus.Collector.
func (l *live) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{l.streams, l.subscriptions, l.queries, l.dropped} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (l *live) Collect(to chan<- prometheus.Metric) {
	s := l.stats().Live
	to <- prometheus.MustNewConstMetric(l.streams, prometheus.GaugeValue, float64(s.Streams))
	to <- prometheus.MustNewConstMetric(l.subscriptions, prometheus.GaugeValue, float64(s.Subscriptions))
	to <- prometheus.MustNewConstMetric(l.queries, prometheus.GaugeValue, float64(s.Runs))
	to <- prometheus.MustNewConstMetric(l.dropped, prometheus.CounterValue, float64(s.Dropped))
}
