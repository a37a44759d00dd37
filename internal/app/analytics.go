package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/analytics"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/lifecycle"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/server"
)

// stopAnalytics is how long the last events may take.
const stopAnalytics = 5 * time.Second

// Analytics are the product events of a server. A nil one has none.
type Analytics struct {
	client   *analytics.Client
	reporter *analytics.Reporter
	outbox   *analytics.Outbox
	browser  *analytics.Browser
	tracked  bool // types of the schema have @track
	close    func()
}

// newAnalytics returns the product events of a server on a database. It is nil if PostHog is not configured, and events are not logged.
func (a *App) newAnalytics(pool *pgxpool.Pool, s *schema.Schema, logger *slog.Logger) (*Analytics, error) {
	c := a.Config.Analytics
	if a.Config.Analytics.PostHog.Key == "" && c.PostHog.Host == "" && !c.Log {
		return nil, nil
	}
	half := (c.PostHog.Key == "") != (c.PostHog.Host == "")
	if half && !c.Log {
		return nil, fault.New(fault.Invalid, "configure analytics", a.Config.Origin("analytics.posthog.host").String()+": analytics.posthog.host and analytics.posthog.key belong together",
			"set both, or none for no analytics")
	}
	relay, err := probePool(pool)
	if err != nil {
		return nil, err
	}
	sender, closeSender := a.newSender(logger)
	x := &Analytics{
		tracked: hasEvents(s),
		close:   func() { closeSender(); relay.Close() },
	}
	if err := a.fillAnalytics(x, sender, relay, logger); err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// newSender returns what sends or logs events.
func (a *App) newSender(logger *slog.Logger) (analytics.Sender, func()) {
	c := a.Config.Analytics
	if c.Log {
		return analytics.Log{Logger: logger}, func() {}
	}
	sender := analytics.NewPostHog(c.PostHog.Host, c.PostHog.Key, a.Now)
	return sender, sender.Close
}

func (a *App) fillAnalytics(x *Analytics, sender analytics.Sender, relay *pgxpool.Pool, logger *slog.Logger) (err error) {
	c := a.Config.Analytics
	consent := analytics.Consent(c.Consent)
	properties := map[string]any{"$lib": "krowoc", "$lib_version": a.Version, "environment": a.Config.Environment}
	if release := a.release(); release != "" {
		properties["release"] = release
	}
	if x.client, err = analytics.New(analytics.Options{Sender: sender, Logger: logger, Now: a.Now, Properties: properties}); err != nil {
		return err
	}
	if x.outbox, err = analytics.NewOutbox(analytics.OutboxOptions{Pool: relay, Client: x.client, Consent: consent}); err != nil {
		return err
	}
	if x.reporter, err = analytics.NewReporter(analytics.ReporterOptions{Client: x.client, Consent: consent, Sample: float64(c.RequestPercent) / 100}); err != nil {
		return err
	}
	x.browser, err = analytics.NewBrowser(analytics.BrowserOptions{
		Path: c.Path, Host: c.PostHog.Host, Key: c.PostHog.Key, Consent: consent, Log: c.Log, Logger: logger,
		Environment: a.Config.Environment, Release: a.release(), Now: a.Now,
	})
	return err
}

// LoggedIn reports a log-in.
func (x *Analytics) LoggedIn(ctx context.Context, uid, method string, failure error) {
	if x != nil {
		x.reporter.LoggedIn(ctx, uid, method, failure)
	}
}

// observe has the operations of an API report events.
func (x *Analytics) observe(o *exec.Options) {
	if x == nil {
		return
	}
	o.Outbox, o.Panicked = x.outbox, x.reporter.Panicked
	o.Observers = append(o.Observers, x.reporter)
}

// middleware keeps what the headers of requests tell of a person's wishes.
func (x *Analytics) middleware() []server.Middleware {
	if x == nil {
		return nil
	}
	return []server.Middleware{{Stage: server.Limit, Name: "analytics", Wrap: x.reporter.Wrap}}
}

// routes are the path for browsers.
func (x *Analytics) routes(path string) []server.Route {
	if x == nil {
		return nil
	}
	policy := server.Policy{MaxBody: analytics.MaxBrowserBody, Anonymous: true}
	return []server.Route{{Pattern: "GET " + path + "/", Handler: x.browser, Policy: policy}, {Pattern: "POST " + path + "/", Handler: x.browser, Policy: policy}}
}

// Start begins to send events. The table of events is emptied only if the schema has any.
func (x *Analytics) Start(ctx context.Context) error {
	if x == nil {
		return nil
	}
	x.client.Start()
	if x.tracked {
		x.outbox.Start(ctx)
	}
	return nil
}

// use is called when the server serves another schema, in development.
func (x *Analytics) use(s *schema.Schema) {
	if x != nil && hasEvents(s) {
		x.outbox.Start(context.Background())
	}
}

// hasEvents reports whether mutations of a schema cause events.
func hasEvents(s *schema.Schema) bool {
	return slices.ContainsFunc(s.Tables, func(t *schema.Type) bool { return len(t.Tracks) > 0 })
}

// Stop sends the last events until ctx ends.
func (x *Analytics) Stop(ctx context.Context) error {
	if x == nil {
		return nil
	}
	err := errors.Join(x.outbox.Stop(ctx), x.client.Stop(ctx))
	x.browser.Close()
	x.close()
	return err
}

// Status returns why events do not arrive, or "".
func (x *Analytics) Status() string {
	if x == nil {
		return ""
	}
	if reason := x.client.Status().Reason; reason != "" {
		return reason
	}
	return x.outbox.Status()
}

// part sends events while the server runs.
func (x *Analytics) part() lifecycle.Part {
	return lifecycle.Part{Name: "analytics", Start: x.Start, Stop: x.Stop, StopTimeout: stopAnalytics}
}
