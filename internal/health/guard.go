package health

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"
)

// guarded protects a check against hanging, panicking and revealing secrets.
type guarded struct {
	Check
	now func() time.Time

	mu    sync.Mutex
	since time.Time // the start of the run that has not returned yet
}

// run returns the check's measurements, or one failing measurement with the reason if the check returned no measurements.
func (g *guarded) run(ctx context.Context) []Measurement {
	if since, busy := g.begin(); busy {
		return g.finish([]Measurement{{Status: Fail, Output: "the check has not returned since " + since.UTC().Format(time.RFC3339), Public: true}})
	}
	ctx, cancel := context.WithTimeout(ctx, g.Timeout)
	result := make(chan []Measurement, 1)
	go func() {
		defer cancel()
		measurements := g.recovered(ctx)
		g.end()
		result <- measurements
	}()
	select {
	case measurements := <-result:
		return g.finish(measurements)
	case <-ctx.Done():
	}
	select {
	case measurements := <-result: // the check stopped at the timeout and may report details
		return g.finish(measurements)
	case <-time.After(g.Timeout / 10):
		return g.finish([]Measurement{{Status: Fail, Output: fmt.Sprintf("no result within %s", g.Timeout), Public: true}})
	}
}

// begin records that the check is running. It fails if an earlier run has not returned.
func (g *guarded) begin() (since time.Time, busy bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.since.IsZero() {
		return g.since, true
	}
	g.since = g.now()
	return g.since, false
}

func (g *guarded) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.since = time.Time{}
}

func (g *guarded) recovered(ctx context.Context) (measurements []Measurement) {
	defer func() {
		if v := recover(); v != nil {
			measurements = []Measurement{{Status: Fail, Output: fmt.Sprintf("the check panicked: %v", v)}}
		}
	}()
	return g.Run(ctx)
}

// finish completes measurements and removes secrets.
func (g *guarded) finish(measurements []Measurement) []Measurement {
	if len(measurements) == 0 {
		measurements = []Measurement{{Status: Fail, Output: "the check returned no measurements"}}
	}
	for i := range measurements {
		m := &measurements[i]
		if m.Status != Pass && m.Status != Warn {
			m.Status = Fail
		}
		if m.Time.IsZero() {
			m.Time = g.now().UTC()
		}
		m.Output = redact(m.Output)
	}
	return measurements
}

// The usual forms of passwords in errors: in a URL and in a key=value pair.
var (
	urlPassword = regexp.MustCompile(`(://[^/\s:@]*):[^\s]*@`)
	keyPassword = regexp.MustCompile(`(?i)((?:password|passwd|secret|token|api[-_]?key)["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&,;]+)`)
)

// redact hides text that looks like a secret. It is the last line of defence, since checks should not report secrets.
func redact(output string) string {
	output = urlPassword.ReplaceAllString(output, "$1:***@")
	return keyPassword.ReplaceAllString(output, "$1***")
}
