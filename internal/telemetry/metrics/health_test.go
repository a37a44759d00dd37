package metrics_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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

// The alert for a failing check fires for one that hangs longer than a scrape waits, too.
func TestHealthCheckThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		checker, err := health.New(health.Options{Timeout: 3 * time.Second}, health.Check{Name: "postgres", Run: func(ctx context.Context) []health.Measurement {
			if hangs.Load() {
				<-ctx.Done()
				return []health.Measurement{{Status: health.Fail}}
			}
			return []health.Measurement{{Status: health.Pass}}
		}})
		if err != nil {
			t.Fatal(err)
		}
		m := metrics.New(metrics.Options{})
		m.WatchHealth(checker.Report)
		scrapes := func(when, want string) {
			t.Helper()
			if got := text(t, m); !strings.Contains(got, `krowoc_health_check_up{check="postgres"} `+want) {
				t.Errorf("%s: it is not %s in %s", when, want, got)
			}
			time.Sleep(15 * time.Second)
		}
		scrapes("before", "1")
		hangs.Store(true)
		scrapes("in the round that begins to hang", "1")
		scrapes("while it hangs", "0")
		scrapes("while it hangs still", "0")
		hangs.Store(false)
		scrapes("after", "1")
	})
}
