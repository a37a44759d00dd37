package app

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"

	"github.com/krowoc/krowoc/internal/auth/token"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/lifecycle"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/telemetry/otlp"
	"github.com/krowoc/krowoc/internal/telemetry/tracing"
)

// flushTimeout limits how long the end of a process waits for a collector.
const flushTimeout = 3 * time.Second

// traceRequests makes the process trace, if a collector is configured. Call it before pools are opened.
func (a *App) traceRequests() error {
	c := a.Config.Telemetry.Traces
	if c.Endpoint == "" {
		return nil
	}
	o, err := a.tracingOptions()
	if err != nil {
		return err
	}
	a.tracing, err = tracing.New(o)
	return err
}

func (a *App) tracingOptions() (o tracing.Options, err error) {
	c := a.Config.Telemetry.Traces
	o = tracing.Options{
		Identity: a.identity(), Endpoint: c.Endpoint,
		Sample: c.Sample, Slow: c.Slow, Follow: c.Follow, ServerTiming: a.Config.Telemetry.ServerTiming, Logger: a.Logger,
	}
	o.Headers, err = a.collectorHeaders("telemetry.traces.headers", c.Headers)
	return o, err
}

// identity says which process traces and metrics come from.
func (a *App) identity() otlp.Identity {
	if a.instance == "" {
		a.instance = uuid.NewString()
	}
	return otlp.Identity{
		Service: cmp.Or(a.Config.Telemetry.Service, a.Config.Project), Version: a.release(), Environment: a.Config.Environment, Instance: a.instance,
	}
}

// collectorHeaders reads the headers of requests to a collector. An error names the key and does not show them.
func (a *App) collectorHeaders(key string, value config.Secret) (map[string]string, error) {
	headers, err := otlp.ParseHeaders(value.Reveal())
	if err != nil {
		return nil, fault.Wrap(a.Config.Origin(key).String()+": "+key, err)
	}
	return headers, nil
}

// traceSession makes a development session trace all requests. Its console receives the traces once it runs, if it is to; otherwise the
// configured collector does, if there is one.
func (a *App) traceSession() error {
	if !a.Config.Dev.Traces.Enabled {
		return a.traceRequests()
	}
	o, err := a.tracingOptions()
	if err != nil {
		return err
	}
	o.Endpoint, o.Headers, o.Sample, o.Follow, o.Logger = "", nil, 1, false, slog.New(slog.DiscardHandler)
	o.Delay, o.Detail = 100*time.Millisecond, 200*time.Microsecond
	a.tracing, err = tracing.New(o)
	return err
}

// Traced runs the work of a command as one trace, if a collector is configured, and sends it before it returns. The database must be opened
// within, so that its statements are in the trace.
func (a *App) Traced(ctx context.Context, name string, work func(context.Context) error) error {
	if err := a.traceCommand(); err != nil {
		return err
	}
	if a.tracing == nil {
		return work(ctx)
	}
	if err := a.tracing.Start(ctx); err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		_ = a.tracing.Stop(ctx) // it logs what is lost, which does not undo the work
	}()
	ctx, end := a.tracing.Begin(ctx, name)
	err := work(ctx)
	end(err)
	return err
}

// traceCommand makes a command trace its work, which is rare enough to be sent each time.
func (a *App) traceCommand() error {
	if a.Config.Telemetry.Traces.Endpoint == "" {
		return nil
	}
	o, err := a.tracingOptions()
	if err != nil {
		return err
	}
	o.Sample = 1
	a.tracing, err = tracing.New(o)
	return err
}

// traceMigration begins the span of a migration, whose statements are below it.
func (a *App) traceMigration(ctx context.Context, m migrate.Result) (context.Context, func(error)) {
	if a.tracing == nil {
		return ctx, func(error) {}
	}
	return a.tracing.Begin(ctx, "migration "+m.File, attribute.Int64("krowoc.migration.version", m.Version),
		attribute.String("krowoc.migration.direction", string(m.Direction)))
}

// traces is the part of a process that sends traces. It stops after all that make spans.
func (a *App) traces() lifecycle.Part {
	if a.tracing == nil {
		return lifecycle.Part{Name: "traces"}
	}
	return lifecycle.Part{Name: "traces", Start: a.tracing.Start, Stop: a.tracing.Stop, StopTimeout: flushTimeout}
}

// sqlTracer returns what traces the statements of pools.
func (a *App) sqlTracer() pgx.QueryTracer {
	if a.tracing == nil {
		return nil
	}
	return a.tracing.SQL()
}

// requestTracers returns the middleware and the tracers of operations that trace requests, or none.
func (a *App) requestTracers() ([]server.Middleware, []exec.Tracer) {
	if a.tracing == nil {
		return nil, nil
	}
	middleware := server.Middleware{Stage: server.Identify, Name: "traces", First: true, Wrap: a.tracing.HTTP(server.Answered)}
	return []server.Middleware{middleware}, []exec.Tracer{a.tracing.GraphQL()}
}

// outgoing returns a client for requests to a configured service, which carry the traceparent of the request on whose behalf they are made.
// It is nil, which is http.DefaultClient, if nothing is traced.
func (a *App) outgoing(to string) *http.Client {
	if a.tracing == nil {
		return nil
	}
	return &http.Client{Transport: a.tracing.Transport(http.DefaultTransport, hostsOf(to)...)}
}

// toIssuers is outgoing for issuers that sign tokens. Its client follows no redirect that would get a secret.
func (a *App) toIssuers(issuers ...config.Issuer) *http.Client {
	if a.tracing == nil {
		return nil
	}
	var hosts []string
	for _, i := range issuers {
		hosts = append(hosts, hostsOf(i.URL, i.JWKS)...)
	}
	c := token.NewClient()
	follow := c.CheckRedirect
	c.Transport = a.tracing.Transport(c.Transport, hosts...)
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if via[0].Method != http.MethodGet {
			return http.ErrUseLastResponse
		}
		return follow(r, via)
	}
	return c
}

// hostsOf returns the hosts of URLs, with their ports.
func hostsOf(urls ...string) (hosts []string) {
	for _, text := range urls {
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}
