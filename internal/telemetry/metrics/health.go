package metrics

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/krowoc/krowoc/internal/health"
)

// healthTimeout is how long a scrape waits for checks. Probes share their results, and the next scrape has those that come later.
const healthTimeout = 2 * time.Second

// checks collects the results of the health checks.
type checks struct {
	report func(context.Context) health.Report
	up     *prometheus.Desc
}

// WatchHealth adds the results of health checks. A scrape runs them, unless a probe has just done so.
func (m *Metrics) WatchHealth(report func(context.Context) health.Report) {
	const name, help = "krowoc_health_check_up", "0 while a check of /healthz fails, 1 otherwise."
	m.describe("gauge", name, help, []string{"check"})
	m.registry.MustRegister(&checks{report, prometheus.NewDesc(name, help, []string{"check"}, nil)})
}

// Describe implements prometheus.Collector.
func (c *checks) Describe(to chan<- *prometheus.Desc) { to <- c.up }

// Collect implements prometheus.Collector.
func (c *checks) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
	defer cancel()
	up := map[string]float64{}
	for key, list := range c.report(ctx).Checks {
		name, _, _ := strings.Cut(key, ":") // the component of component:measurement
		if _, known := up[name]; !known {
			up[name] = 1
		}
		for _, m := range list {
			if m.Status == health.Fail {
				up[name] = 0
			}
		}
	}
	for name, value := range up {
		to <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, value, name)
	}
}
