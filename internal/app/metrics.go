package app

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/health"
	"github.com/krowoc/krowoc/internal/lifecycle"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/telemetry/metrics"
)

// minToken is how many bytes the token of the metrics has at least.
const minToken = 16

// newMetrics returns the metrics of a production server, or nil if nobody is to receive them. They are served to everybody only on an address
// of their own.
func (a *App) newMetrics() (*metrics.Metrics, error) {
	c := a.Config.Telemetry.Metrics
	const op = "configure metrics"
	at := func(key string) string { return a.Config.Origin(key).String() + ": " }
	token := c.Token.Reveal()
	switch {
	case c.Endpoint != "" && c.Interval < time.Second:
		return nil, fault.New(fault.Invalid, op, at("telemetry.metrics.interval")+"metrics would be pushed without a pause", "use 1s or more")
	case !c.Enabled && c.Endpoint == "":
		return nil, nil //nolint:nilnil // the server runs without
	case !c.Enabled:
	case token != "" && len(token) < minToken:
		return nil, fault.New(fault.Invalid, op, at("telemetry.metrics.token")+"the token is too short", "use a random one: openssl rand -hex 32")
	case token == "" && a.Config.Server.ProbeAddress == "":
		return nil, fault.New(fault.Invalid, op, at("telemetry.metrics.enabled")+"everybody who reaches the API could read the metrics",
			"set server.probeAddress to serve them on an address of its own, or telemetry.metrics.token to ask for a bearer token")
	}
	if _, err := a.pushOptions(); err != nil {
		return nil, err
	}
	return a.collectMetrics(), nil
}

// pushMetrics is the part of a server that pushes its metrics to the configured collector.
func (a *App) pushMetrics(m *metrics.Metrics) lifecycle.Part {
	part := lifecycle.Part{Name: "metrics"}
	c := a.Config.Telemetry.Metrics
	if m == nil || c.Endpoint == "" {
		return part
	}
	var pusher *metrics.Pusher
	part.Start = func(ctx context.Context) error {
		options, err := a.pushOptions()
		if err != nil {
			return err
		}
		pusher, err = m.Push(ctx, options)
		return err
	}
	part.Stop = func(ctx context.Context) error { return pusher.Stop(ctx) }
	return part
}

// pushOptions returns the options of pushes, or a mistake in the configuration.
func (a *App) pushOptions() (o metrics.PushOptions, err error) {
	c := a.Config.Telemetry.Metrics
	o = metrics.PushOptions{Identity: a.identity(), Endpoint: c.Endpoint, Interval: c.Interval, Logger: a.Logger}
	o.Headers, err = a.collectorHeaders("telemetry.metrics.headers", c.Headers)
	return o, err
}

// collectMetrics returns metrics that are collected, whoever receives them.
func (a *App) collectMetrics() *metrics.Metrics {
	return metrics.New(metrics.Options{Version: a.Version, Operations: a.Config.Telemetry.Metrics.Operations})
}

// withMetrics returns options of a server that counts what it does. They have no effect without metrics.
func (o ServerOptions) withMetrics(token string, logger *slog.Logger) (ServerOptions, []server.Route) {
	m := o.Metrics
	if m == nil {
		return o, nil
	}
	counted := make([]server.Authenticator, len(o.Authenticators))
	for i, a := range o.Authenticators {
		counted[i] = countedAuthenticator{a, m.Auth}
	}
	o.Authenticators = counted
	measured := server.Middleware{Stage: server.Identify, Name: "metrics", Wrap: measure(m.HTTP)}
	o.Middleware = append([]server.Middleware{measured}, o.Middleware...)
	if !o.ServeMetrics {
		return o, nil
	}
	route := server.Route{Pattern: "GET " + metrics.Path, Handler: m.Handler(token, logger), Policy: server.Policy{Probe: true}}
	return o, []server.Route{route}
}

// watch adds statistics of parts of the server, and the metrics of its schema.
func (o ServerOptions) watch(s *schema.Schema, handler *exec.Handler, checker *health.Checker, pool, probes *pgxpool.Pool) {
	if o.Metrics == nil {
		return
	}
	o.Metrics.Business.Declare(s)
	o.Metrics.WatchHealth(checker.Report)
	o.Metrics.WatchOperations(handler.Stats)
	o.Metrics.WatchPool("main", pool)
	o.Metrics.WatchPool("probes", probes)
}

// measure counts requests.
func measure(h *metrics.HTTP) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began, end := time.Now(), h.Begin()
			unanswered := http.StatusInternalServerError // by a handler that panics
			defer func() {
				status, sent := server.Answered(r.Context())
				h.Observe(r.Context(), metrics.Request{
					Pattern: r.Pattern, Method: r.Method, Size: r.ContentLength, Status: cmp.Or(status, unanswered), Sent: sent, Took: time.Since(began),
				})
				end()
			}()
			next.ServeHTTP(w, r)
			unanswered = http.StatusOK
		})
	}
}

// countedAuthenticator counts requests with credentials.
type countedAuthenticator struct {
	server.Authenticator
	auth *metrics.Auth
}

// refusals are the errors of credentials that were checked and are not accepted.
var refusals = []fault.Code{fault.Unauthenticated, fault.Forbidden, fault.Invalid}

// Authenticate implements server.Authenticator.
func (c countedAuthenticator) Authenticate(r *http.Request, token string) (caller.Caller, bool, error) {
	who, known, err := c.Authenticator.Authenticate(r, token)
	switch {
	case slices.Contains(refusals, fault.CodeOf(err)):
		c.auth.Observe(c.Name(), metrics.Refused)
	case err != nil:
		c.auth.Observe(c.Name(), metrics.Unverified)
	case known:
		c.auth.Observe(c.Name(), metrics.Accepted)
	}
	return who, known, err
}
