package metrics

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// pool collects the statistics of a pool of connections to Postgres.
type pool struct {
	name string
	stat func() *pgxpool.Stat

	count, most                    *prometheus.Desc
	acquired, canceled             *prometheus.Desc
	waits, waited                  *prometheus.Desc
	created, expired, idledTooLong *prometheus.Desc
}

// WatchPool adds the statistics of a pool. Each pool has a name of its own.
func (m *Metrics) WatchPool(name string, of *pgxpool.Pool) {
	const label = "db_client_connection_pool_name"
	desc := func(kind, metric, help string, labels ...string) *prometheus.Desc {
		if !m.has(metric) {
			m.describe(kind, metric, help, append([]string{label}, labels...))
		}
		return prometheus.NewDesc(metric, help, append([]string{label}, labels...), nil)
	}
	m.registry.MustRegister(&pool{
		name: name, stat: of.Stat,
		count:        desc("gauge", "db_client_connections", "Connections to Postgres that are in use or idle.", "db_client_connection_state"),
		most:         desc("gauge", "db_client_connection_max", "The highest number of connections."),
		acquired:     desc("counter", "db_client_connection_acquires_total", "How often a connection was taken."),
		canceled:     desc("counter", "db_client_connection_canceled_acquires_total", "How often a request for a connection was given up."),
		waits:        desc("counter", "db_client_connection_waits_total", "How often no connection was free."),
		waited:       desc("counter", "db_client_connection_wait_seconds_total", "Time spent waiting for a free connection."),
		created:      desc("counter", "db_client_connection_created_total", "Connections that were opened."),
		expired:      desc("counter", "db_client_connection_expired_total", "Connections that were closed because of their age."),
		idledTooLong: desc("counter", "db_client_connection_idle_closed_total", "Connections that were closed because they were idle."),
	})
}

// Describe implements prometheus.Collector. It sends nothing, because all pools share their descriptions.
func (*pool) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (p *pool) Collect(to chan<- prometheus.Metric) {
	s := p.stat()
	gauge := func(d *prometheus.Desc, value int32, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), append([]string{p.name}, labels...)...)
	}
	counter := func(d *prometheus.Desc, value float64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, p.name)
	}
	gauge(p.count, s.AcquiredConns()+s.ConstructingConns(), "used")
	gauge(p.count, s.IdleConns(), "idle")
	gauge(p.most, s.MaxConns())
	counter(p.acquired, float64(s.AcquireCount()))
	counter(p.canceled, float64(s.CanceledAcquireCount()))
	counter(p.waits, float64(s.EmptyAcquireCount()))
	counter(p.waited, s.EmptyAcquireWaitTime().Seconds())
	counter(p.created, float64(s.NewConnsCount()))
	counter(p.expired, float64(s.MaxLifetimeDestroyCount()))
	counter(p.idledTooLong, float64(s.MaxIdleDestroyCount()))
}
