package health_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/health"
)

// check observes the same thing each time.
func check(name string, critical bool, observed ...health.Measurement) health.Check {
	return health.Check{Name: name, Critical: critical, Run: func(context.Context) []health.Measurement {
		return append([]health.Measurement(nil), observed...)
	}}
}

func newChecker(t *testing.T, o health.Options, checks ...health.Check) *health.Checker {
	t.Helper()
	c, err := health.New(o, checks...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestStatusOfTheWhole(t *testing.T) {
	pass := health.Measurement{Status: health.Pass}
	warn := health.Measurement{Name: "load", Status: health.Warn, Output: "slow"}
	fail := health.Measurement{Status: health.Fail, Output: "dead"}
	for name, tc := range map[string]struct {
		checks        []health.Check
		report, ready health.Status
		output        string
	}{
		"nothing to check":   {nil, health.Pass, health.Pass, ""},
		"all pass":           {[]health.Check{check("a", true, pass), check("b", false, pass)}, health.Pass, health.Pass, ""},
		"critical warns":     {[]health.Check{check("a", true, pass, warn)}, health.Warn, health.Warn, "a:load: slow"},
		"other warns":        {[]health.Check{check("a", true, pass), check("b", false, warn)}, health.Warn, health.Pass, "b:load: slow"},
		"other fails":        {[]health.Check{check("a", true, pass), check("b", false, fail)}, health.Warn, health.Pass, "b: dead"},
		"critical fails":     {[]health.Check{check("b", false, warn), check("a", true, fail)}, health.Fail, health.Fail, "a: dead"},
		"nothing observed":   {[]health.Check{check("a", true)}, health.Fail, health.Fail, "a: the check returned no measurements"},
		"no status":          {[]health.Check{check("a", true, health.Measurement{})}, health.Fail, health.Fail, "a: "},
		"the worst is shown": {[]health.Check{check("a", true, fail), check("b", false, warn)}, health.Fail, health.Fail, "a: dead"},
	} {
		c := newChecker(t, health.Options{}, tc.checks...)
		report, ready := c.Report(t.Context()), c.Ready(t.Context())
		if report.Status != tc.report || ready.Status != tc.ready || report.Output != tc.output {
			t.Errorf("%s: report %s (%s), ready %s", name, report.Status, report.Output, ready.Status)
		}
	}
}

func TestReportAsJSON(t *testing.T) {
	now := time.Date(2026, 5, 9, 7, 0, 0, 0, time.FixedZone("", 7200))
	c := newChecker(t, health.Options{
		Version: "1", ReleaseID: "1.2.3-abc", ServiceID: "krowoc", Description: "prompts",
		Now: func() time.Time { return now },
	}, check("db", true,
		health.Measurement{Name: "responseTime", ComponentType: "datastore", ObservedValue: 0, ObservedUnit: "ms", Status: health.Pass},
		health.Measurement{Name: "lag", ComponentID: "n1", Status: health.Warn, Output: "late",
			AffectedEndpoints: []string{"/graphql"}, Links: map[string]string{"about": "https://example.org/"}},
		health.Measurement{Name: "lag", ComponentID: "n2", Status: health.Pass}))
	got, err := json.Marshal(c.Report(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"status":"warn","version":"1","releaseId":"1.2.3-abc","output":"db:lag: late",` +
		`"serviceId":"krowoc","description":"prompts","checks":{` +
		`"db:lag":[{"componentId":"n1","status":"warn","affectedEndpoints":["/graphql"],"time":"2026-05-09T05:00:00Z",` +
		`"output":"late","links":{"about":"https://example.org/"}},` +
		`{"componentId":"n2","status":"pass","time":"2026-05-09T05:00:00Z"}],` +
		`"db:responseTime":[{"componentType":"datastore","observedValue":0,"observedUnit":"ms","status":"pass",` +
		`"time":"2026-05-09T05:00:00Z"}]}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestChecksThatCannotBe(t *testing.T) {
	good := check("a", false, health.Measurement{Status: health.Pass})
	for name, checks := range map[string][]health.Check{
		"no name":         {check("", false)},
		"a colon":         {check("a:b", false)},
		"a space":         {check("a b", false)},
		"twice":           {good, good},
		"nothing to run":  {{Name: "a"}},
		"endless timeout": {{Name: "a", Run: good.Run, Timeout: -1}},
	} {
		if _, err := health.New(health.Options{}, checks...); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, o := range []health.Options{{CacheFor: -1}, {Timeout: -1}} {
		if _, err := health.New(o, good); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestProbeStormRunsTheChecksOnce(t *testing.T) {
	var runs atomic.Int64
	release := make(chan struct{})
	c := newChecker(t, health.Options{CacheFor: time.Hour}, health.Check{Name: "slow", Run: func(context.Context) []health.Measurement {
		runs.Add(1)
		<-release
		return []health.Measurement{{Status: health.Pass}}
	}})
	var wg sync.WaitGroup
	var asked sync.WaitGroup
	for range 1000 {
		asked.Add(1)
		wg.Go(func() {
			asked.Done()
			if r := c.Report(t.Context()); r.Status != health.Pass {
				t.Errorf("got %+v", r)
			}
		})
	}
	asked.Wait()
	close(release)
	wg.Wait()
	c.Ready(t.Context())
	if n := runs.Load(); n != 1 {
		t.Errorf("1,001 probes ran the check %d times", n)
	}
}

func TestReportIsCachedForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int64
		c := newChecker(t, health.Options{}, health.Check{Name: "a", Run: func(context.Context) []health.Measurement {
			return []health.Measurement{{Status: health.Pass, ObservedValue: runs.Add(1)}}
		}})
		observe := func() any { return c.Report(t.Context()).Checks["a"][0].ObservedValue }
		for _, step := range []struct {
			pass time.Duration
			want int64
		}{{0, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 2}, {0, 2}, {time.Hour, 3}} {
			time.Sleep(step.pass) // the bubble's clock jumps
			if got := observe(); got != step.want {
				t.Errorf("after %s: run %v, want %d", step.pass, got, step.want)
			}
		}
	})
}

func TestChecksRunInParallelWithDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		obedient := func(name string, timeout time.Duration) health.Check {
			return health.Check{Name: name, Timeout: timeout, Run: func(ctx context.Context) []health.Measurement {
				<-ctx.Done()
				return []health.Measurement{{Status: health.Fail, Output: name + " gave up"}}
			}}
		}
		c := newChecker(t, health.Options{Timeout: 3 * time.Second}, obedient("a", time.Second), obedient("b", 0))
		began := time.Now()
		r := c.Report(t.Context())
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("the report took %s, want that of the slowest check", took)
		}
		if got := r.Checks["a"][0].Output; got != "a gave up" {
			t.Errorf("got %q", got)
		}
	})
}

func TestHangingCheckHangsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var runs atomic.Int64
		c := newChecker(t, health.Options{}, health.Check{
			Name: "stuck", Critical: true, Timeout: time.Second,
			Run: func(context.Context) []health.Measurement { // it ignores its context
				runs.Add(1)
				<-release
				return []health.Measurement{{Status: health.Pass}}
			},
		})
		observe := func() string {
			r := c.Report(t.Context())
			return string(r.Status) + ": " + r.Checks["stuck"][0].Output
		}
		began := time.Now()
		if got := observe(); got != "fail: no result within 1s" || time.Since(began) > 1100*time.Millisecond {
			t.Errorf("first: %q after %s", got, time.Since(began))
		}
		time.Sleep(time.Minute) // the bubble's clock jumps
		want := "fail: the check has not returned since " + began.UTC().Format(time.RFC3339)
		if got := observe(); got != want || runs.Load() != 1 {
			t.Errorf("later: %q, want %q; %d runs", got, want, runs.Load())
		}
		close(release)
		time.Sleep(time.Minute) // the bubble's clock jumps
		if got := observe(); got != "pass: " {
			t.Errorf("at last: %q", got)
		}
	})
}

func TestCallerMayGiveUp(t *testing.T) {
	release := make(chan struct{})
	c := newChecker(t, health.Options{CacheFor: time.Hour}, health.Check{Name: "a", Run: func(context.Context) []health.Measurement {
		<-release
		return []health.Measurement{{Status: health.Pass}}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := c.Report(ctx); r.Status != health.Fail || !strings.Contains(r.Output, "did not finish in time") {
		t.Errorf("got %+v", r)
	}
	close(release)
	if r := c.Report(t.Context()); r.Status != health.Pass {
		t.Errorf("the others get %+v", r)
	}
}

func TestPanicIsAFailure(t *testing.T) {
	c := newChecker(t, health.Options{}, health.Check{Name: "a", Critical: true, Run: func(context.Context) []health.Measurement {
		panic(fmt.Errorf("no such key"))
	}})
	r := c.Report(t.Context())
	if got := r.Checks["a"][0]; r.Status != health.Fail || got.Output != "the check panicked: no such key" {
		t.Errorf("got %+v", r)
	}
}

func TestOutputsHoldNoSecrets(t *testing.T) {
	for output, want := range map[string]string{
		"dial postgres://app:hunter2@db:5432/x: refused":   "dial postgres://app:***@db:5432/x: refused",
		"dial postgres://app:hun@ter2@db/x":                "dial postgres://app:***@db/x",
		"dial redis://:hunter2@cache":                      "dial redis://:***@cache",
		"host=db password=hunter2 user=app":                "host=db password=*** user=app",
		"host=db password='hunter2 hunter2' user=app":      "host=db password=*** user=app",
		`{"api_key": "hunter2", "id": 1}`:                  `{"api_key": ***, "id": 1}`,
		"GET /x?token=hunter2&page=2: 500":                 "GET /x?token=***&page=2: 500",
		"password authentication failed for user \"app\"":  "password authentication failed for user \"app\"",
		"dial tcp 127.0.0.1:5432: connect: refused":        "dial tcp 127.0.0.1:5432: connect: refused",
		"GET http://service:8080/healthz: 503 unavailable": "GET http://service:8080/healthz: 503 unavailable",
	} {
		c := newChecker(t, health.Options{}, check("a", true, health.Measurement{Status: health.Fail, Output: output}))
		r := c.Report(t.Context())
		if got := r.Checks["a"][0].Output; got != want {
			t.Errorf("%q becomes %q, want %q", output, got, want)
		}
		if strings.Contains(fmt.Sprintf("%+v", r), "hunter2") {
			t.Errorf("the report says it elsewhere: %+v", r)
		}
	}
}
