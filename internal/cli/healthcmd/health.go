// Package healthcmd implements `krowoc health`.
package healthcmd

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/health"
)

// Options are the flags of the command.
type Options struct {
	URL  string        // of a running service; empty to check from this machine
	Wait time.Duration // how long to wait for it to become healthy
}

const (
	askTimeout  = 10 * time.Second // limit for one answer of a service
	retryEvery  = 250 * time.Millisecond
	healthzPath = "/healthz"
)

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Check the health of the service and its dependencies",
		Long: `Check Postgres, pending migrations, disk space and the configured URLs. The checks run on this machine. With --url, the
command asks a running service for its own report.

The exit code is 0 when everything is healthy or has only warnings, and 3 otherwise.`,
		Example: "krowoc health\nkrowoc health --url http://127.0.0.1:8080 --wait 60s\nkrowoc health --output json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return checkHealth(cmd.Context(), f, o) },
	}
	cmd.Flags().StringVar(&o.URL, "url", "", "ask the running service at `URL`; the default path is /healthz")
	cmd.Flags().DurationVar(&o.Wait, "wait", 0, "wait up to this `duration` for the service to become healthy (default 0s); example: 60s")
	return cmd
}

func checkHealth(ctx context.Context, f *factory.Factory, o Options) error {
	ask, done, err := source(ctx, f, o)
	if err != nil {
		return err
	}
	report, err := await(ctx, ask, o.Wait)
	if stopErr := done(); err == nil {
		err = stopErr
	}
	if err != nil {
		return err
	}
	if err := f.Term.Result(report, func() error { return render(f.Term, report) }); err != nil {
		return err
	}
	if report.Status == health.Fail {
		return fault.New(fault.CheckFailed, "check health", "the service is not healthy", unhealthyHint(report))
	}
	return nil
}

// source returns a function that gets a report, and one that releases its resources.
func source(ctx context.Context, f *factory.Factory, o Options) (func(context.Context) (health.Report, error), func() error, error) {
	if o.URL != "" {
		address := o.URL
		if at := strings.Index(address, "://"); at >= 0 && !strings.Contains(strings.TrimSuffix(address[at+3:], "/"), "/") {
			address = strings.TrimSuffix(address, "/") + healthzPath
		}
		client := &http.Client{Timeout: askTimeout}
		return func(ctx context.Context) (health.Report, error) { return health.Fetch(ctx, client, address) }, func() error { return nil }, nil
	}
	a, err := f.App()
	if err != nil {
		return nil, nil, err
	}
	pool, done, err := a.Pool(ctx)
	if err != nil {
		return nil, nil, err
	}
	checker, err := a.Health(pool, pool)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context) (health.Report, error) { return checker.Report(ctx), nil }, done, nil
}

// await asks until the service is healthy or the wait is over. It returns the last answer.
func await(ctx context.Context, ask func(context.Context) (health.Report, error), wait time.Duration) (health.Report, error) {
	deadline := time.Now().Add(wait)
	for {
		report, err := ask(ctx)
		healthy := (err == nil) && (report.Status != health.Fail)
		hopeless := (err != nil) && !fault.CodeOf(err).Retryable()
		if healthy || hopeless || !time.Now().Before(deadline) {
			return report, err
		}
		select {
		case <-ctx.Done():
			return report, ctx.Err()
		case <-time.After(min(retryEvery, time.Until(deadline))):
		}
	}
}

func render(t *term.Terminal, r health.Report) error {
	s := t.Styles()
	cells := map[health.Status]term.Cell{health.Pass: {Style: s.Good}, health.Warn: {Style: s.Warn}, health.Fail: {Style: s.Bad}}
	cell := func(status health.Status) term.Cell {
		c := cells[status]
		c.Text = string(status)
		return c
	}
	table := t.NewTable("CHECK", "STATUS", "OBSERVED", "OUTPUT")
	names := make([]string, 0, len(r.Checks))
	for name := range r.Checks {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, m := range r.Checks[name] {
			table.Row(name, cell(m.Status), observed(m), m.Output)
		}
	}
	table.Row("overall", cell(r.Status), "", r.Output)
	return table.Flush()
}

// observed formats the value that a check measured.
func observed(m health.Measurement) string {
	if m.ObservedValue == nil {
		return ""
	}
	if m.ObservedUnit == "bytes" {
		var bytes float64
		if _, err := fmt.Sscan(fmt.Sprint(m.ObservedValue), &bytes); err == nil {
			return fmt.Sprintf("%.1f GB", bytes/1e9)
		}
	}
	return strings.TrimSpace(fmt.Sprint(m.ObservedValue, " ", m.ObservedUnit))
}

func unhealthyHint(r health.Report) string {
	for name := range r.Checks {
		if strings.HasPrefix(name, "migrations") && r.Checks[name][0].Status == health.Fail {
			return "apply the pending migrations with `krowoc migrate up`"
		}
	}
	return ""
}
