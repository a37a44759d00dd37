package metrics_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/krowoc/krowoc/internal/health"
	"github.com/krowoc/krowoc/internal/telemetry/metrics"
)

func TestHealthChecks(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	check := func(context.Context) []health.Measurement {
		if failing.Load() {
			return []health.Measurement{{Name: "time", Status: health.Pass}, {Name: "rows", Status: health.Fail}}
		}
		return []health.Measurement{{Name: "time", Status: health.Warn}}
	}
	checker, err := health.New(health.Options{CacheFor: 1}, health.Check{Name: "postgres", Critical: true, Run: check},
		health.Check{Name: "disk", Run: func(context.Context) []health.Measurement { return []health.Measurement{{Status: health.Pass}} }})
	if err != nil {
		t.Fatal(err)
	}
	m := metrics.New(metrics.Options{})
	m.WatchHealth(checker.Report)
	for fails, want := range map[bool]string{false: `krowoc_health_check_up{check="postgres"} 1`, true: `krowoc_health_check_up{check="postgres"} 0`} {
		failing.Store(fails)
		if got := text(t, m); !strings.Contains(got, want) || !strings.Contains(got, `krowoc_health_check_up{check="disk"} 1`) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}
