package health

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Check checks one component.
type Check struct {
	Name     string        // of the component, without a colon: postgres
	Critical bool          // the service cannot work while it fails
	Timeout  time.Duration // 0 is the timeout of the Options

	// Run returns at least one measurement. Its context ends with the timeout; a Run that ignores it is reported as
	// failing, and is not called again until it has returned.
	Run func(ctx context.Context) []Measurement
}

// Options configure a Checker and describe its service.
type Options struct {
	Version, ReleaseID, ServiceID, Description string

	Timeout time.Duration // default timeout of a check; 0 is two seconds

	// CacheFor is how long a report is reused before the checks run again; 0 is one second.
	CacheFor time.Duration
	Now      func() time.Time // nil is time.Now
}

// Checker runs checks and caches their report for a moment.
type Checker struct {
	options Options
	checks  []*guarded

	mu   sync.Mutex
	last *round
}

// round is one run of all checks, shared by all requests during it and for a moment after.
type round struct {
	done    chan struct{}
	at      time.Time // when it finished
	results []result
}

// result is the measurements of one check.
type result struct {
	check        *Check
	measurements []Measurement
}

// New returns a Checker, or an Invalid fault that names the invalid check.
func New(o Options, checks ...Check) (*Checker, error) {
	if o.CacheFor < 0 || o.Timeout < 0 {
		return nil, fault.New(fault.Invalid, setUp, "a duration is negative", "remove it to use the default")
	}
	o.CacheFor, o.Timeout = cmp.Or(o.CacheFor, time.Second), cmp.Or(o.Timeout, 2*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Checker{options: o}
	seen := make(map[string]bool)
	for _, check := range checks {
		if err := check.validate(seen); err != nil {
			return nil, err
		}
		check.Timeout = cmp.Or(check.Timeout, o.Timeout)
		c.checks = append(c.checks, &guarded{Check: check, now: o.Now})
	}
	return c, nil
}

// Report returns the health of the whole service. A failing check that is not critical makes it warn.
func (c *Checker) Report(ctx context.Context) Report { return c.report(ctx, false) }

// Ready returns a report of the critical checks only.
func (c *Checker) Ready(ctx context.Context) Report { return c.report(ctx, true) }

func (c *Checker) report(ctx context.Context, criticalOnly bool) Report {
	r := Report{
		Status: Pass, Version: c.options.Version, ReleaseID: c.options.ReleaseID,
		ServiceID: c.options.ServiceID, Description: c.options.Description,
	}
	results, err := c.results(ctx)
	if err != nil {
		r.Status, r.Output = Fail, "the checks did not finish in time: "+err.Error()
		return r
	}
	for _, result := range results {
		if !criticalOnly || result.check.Critical {
			r.add(result)
		}
	}
	return r
}

// add adds the measurements of a check to the report.
func (r *Report) add(from result) {
	if r.Checks == nil {
		r.Checks = make(map[string][]Measurement)
	}
	for _, m := range from.measurements {
		key := from.check.Name
		if m.Name != "" {
			key += ":" + m.Name
		}
		r.Checks[key] = append(r.Checks[key], m)
		status := m.Status
		if status == Fail && !from.check.Critical {
			status = Warn
		}
		if m.Status != Pass && status.rank() >= r.Status.rank() {
			r.Output, r.worst, r.public = fmt.Sprintf("%s: %s", key, m.Output), key, m.Public
		}
		r.Status = worse(r.Status, status)
	}
}

// results returns the results of the last round if they are fresh, and otherwise joins or starts a round.
func (c *Checker) results(ctx context.Context) ([]result, error) {
	c.mu.Lock()
	if !c.fresh() {
		c.last = &round{done: make(chan struct{})}
		go c.complete(context.WithoutCancel(ctx), c.last) // other requests share it, and its checks have timeouts
	}
	r := c.last
	c.mu.Unlock()
	select {
	case <-r.done:
		return r.results, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fresh reports whether the last round is running or recent.
func (c *Checker) fresh() bool {
	if c.last == nil {
		return false
	}
	select {
	case <-c.last.done:
		age := c.options.Now().Sub(c.last.at)
		return age >= 0 && age < c.options.CacheFor
	default:
		return true
	}
}

// complete runs all checks in parallel and completes the round.
func (c *Checker) complete(ctx context.Context, r *round) {
	r.results = make([]result, len(c.checks))
	var wg sync.WaitGroup
	for i, check := range c.checks {
		wg.Go(func() { r.results[i] = result{&check.Check, check.run(ctx)} })
	}
	wg.Wait()
	r.at = c.options.Now()
	close(r.done)
}

const setUp = "set up the health checks"

func (c Check) validate(seen map[string]bool) error {
	switch {
	case c.Name == "" || strings.ContainsAny(c.Name, ": \t\n"):
		return fault.New(fault.Invalid, setUp, fmt.Sprintf("invalid check name %q", c.Name),
			"use a name without spaces and colons")
	case seen[c.Name]:
		return fault.New(fault.Invalid, setUp, fmt.Sprintf("duplicate check %q", c.Name), "rename one of them")
	case c.Run == nil || c.Timeout < 0:
		return fault.New(fault.Invalid, setUp, fmt.Sprintf("check %q has no function or a negative timeout", c.Name))
	}
	seen[c.Name] = true
	return nil
}
