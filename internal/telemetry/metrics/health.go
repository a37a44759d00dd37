package metrics

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/krowoc/krowoc/internal/health"
)

// healthTimeout is how long a scrape waits for checks. After it, the scrape has the results of the last round that ended: a check that hangs
// fails by its own timeout, so that it is 0 from the next scrape on.
const healthTimeout = 2 * time.Second

// checks collects the results of the health checks.
type checks struct {
	report func(context.Context) health.Report
	up     *prometheus.Desc
	last   atomic.Pointer[health.Report] // of a round that ended; nil before the first one
}

// WatchHealth adds the results of health checks. A scrape runs them, unless a probe has just done so.
func (m *Metrics) WatchHealth(report func(context.Context) health.Report) {
	const name, help = "krowoc_health_check_up", "0 while a check of /healthz fails, 1 otherwise."
	m.describe("gauge", name, help, []string{"check"})
	m.registry.MustRegister(&checks{report: report, up: prometheus.NewDesc(name, help, []string{"check"}, nil)})
}

// Describe implements prometheus.Collector.
func (c *checks) Describe(to chan<- *prometheus.Desc) { to <- c.up }

// Collect implements prometheus.Collector.
func (c *checks) Collect(to chan<- prometheus.Metric) {
	report := c.current()
	if report == nil {
		return
	}
	up := map[string]float64{}
	for key, list := range report.Checks {
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

// current returns the report of a round that ends within healthTimeout, or else of the last one that ended.
func (c *checks) current() *health.Report {
	done := make(chan struct{})
	go func() { // it ends, because each check has a timeout
		defer close(done)
		report := c.report(context.Background())
		c.last.Store(&report)
	}()
	limit := time.NewTimer(healthTimeout)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
	}
	return c.last.Load()
}
