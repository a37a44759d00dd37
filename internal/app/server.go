package app

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/krowoc/krowoc/internal/auth"
	"github.com/krowoc/krowoc/internal/auth/session"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/health"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/server/cors"
	"github.com/krowoc/krowoc/internal/server/graphiql"
	"github.com/krowoc/krowoc/internal/telemetry/errorlog"
	"github.com/krowoc/krowoc/internal/telemetry/metrics"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Server is the API of one project on one database.
type Server struct {
	app    *App
	http   *server.Server
	graph  *exec.Handler
	pool   *pgxpool.Pool
	probes *pgxpool.Pool // for health checks alone

	live    *live
	schema  *schema.Schema   // that is served first
	policed bool             // Enforce is set
	metrics *metrics.Metrics // may be nil
}

// ServerOptions are the options of a server that are not in the configuration.
type ServerOptions struct {
	Address      string // empty means the configured address
	ProbeAddress string // empty serves the probes at the address of the API

	Sessions       *session.Manager       // of browsers; nil has none
	Authenticators []server.Authenticator // asked in order for the caller of a request; without any, all callers are anonymous
	Middleware     []server.Middleware
	Enforce        *exec.Enforcement  // of the rules by Postgres; nil leaves them to the API
	Metrics        *metrics.Metrics   // what the server counts; nil for nothing
	Analytics      *Analytics         // product events; nil has none
	ServeMetrics   bool               // at /metrics
	Errors         *errorlog.Recorder // nil records no errors
	Components     []health.Component // of /healthz

	callers *callerChecks // when to ask again who calls; nil leaves it to the clock
}

// NewServer creates the API of a schema on the database of pool. It serves after Start.
func (a *App) NewServer(pool *pgxpool.Pool, s *schema.Schema, logger *slog.Logger, o ServerOptions) (_ *Server, err error) {
	logger = slog.New(server.LogRequestID(logger.Handler()))
	tracing, tracers := a.requestTracers()
	following, err := newLive(pool, logger)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			following.close()
		}
	}()
	handler, err := a.newHandler(pool, s, logger, o, tracers, following)
	if err != nil {
		return nil, err
	}
	o.callers.onRevoked(handler.CheckCallers)
	routes, err := a.routes(handler)
	if err != nil {
		return nil, err
	}
	routes = append(routes, o.Analytics.routes(a.Config.Analytics.Path)...)
	c := a.Config.Server
	if o.Sessions != nil {
		o = withSessions(o)
		routes = append(routes, sessionRoutes(o.Sessions)...)
	}
	o, metricsRoutes := o.withMetrics(a.Config.Telemetry.Metrics.Token.Reveal(), logger)
	routes = append(routes, metricsRoutes...)
	clients, err := a.clientErrors(o.Errors)
	if err != nil {
		return nil, err
	}
	routes = append(routes, clients...)
	origins, err := cors.Middleware(c.CORS.Origins, c.CORS.Credentials)
	if err != nil {
		return nil, err
	}
	probes, err := probePool(pool)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			probes.Close()
		}
	}()
	checker, err := a.Health(pool, probes, slices.Concat(o.components(), a.tracesComponent())...)
	if err != nil {
		return nil, err
	}
	o.watch(s, handler, checker, pool, probes)
	t := c.Timeouts
	srv, err := server.New(server.Options{
		Address: cmp.Or(o.Address, c.Address), ProbeAddress: o.ProbeAddress, Routes: routes, Health: checker, Logger: logger,
		Authenticators: o.Authenticators, Middleware: slices.Concat(tracing, origins, o.Middleware, o.Analytics.middleware()),
		Failed: failed(o.Errors), MaxBody: int64(c.MaxBodyBytes), ReadHeaderTimeout: t.ReadHeader, ReadTimeout: t.Read, WriteTimeout: t.Write,
		IdleTimeout: t.Idle, DrainTimeout: t.Shutdown, PreStopDelay: t.DrainDelay,
	})
	if err != nil {
		return nil, err
	}
	return &Server{app: a, http: srv, graph: handler, pool: pool, probes: probes, live: following, schema: s, policed: o.Enforce != nil, metrics: o.Metrics}, nil
}

// newHandler returns what runs the operations of the API, with those who follow and learn of them.
func (a *App) newHandler(pool *pgxpool.Pool, s *schema.Schema, logger *slog.Logger, o ServerOptions, tracers []exec.Tracer, following *live) (*exec.Handler, error) {
	api, err := a.api(s, o.Enforce != nil)
	if err == nil {
		err = a.verify(pool, api)
	}
	if err != nil {
		return nil, err
	}
	g := a.Config.GraphQL
	operations := exec.Options{
		API: api, DB: exec.Single(pool), Logger: logger, Timeout: g.Timeout, Introspection: g.Introspection,
		Concurrency: int(pool.Config().MaxConns), Sessions: sessionsOfAPI(o.Sessions), Enforce: o.Enforce, Live: following.options(a, o),
		Tracers: tracers, Observers: o.observers(), Limits: limitsOfCallers(g),
	}
	if operations.Services, err = a.services(s); err != nil {
		return nil, err
	}
	if err := a.withDocuments(&operations); err != nil {
		return nil, err
	}
	if slow := a.Config.Log.SlowOperations; slow > 0 {
		operations.Observers = append(operations.Observers, exec.SlowLog{Logger: logger, Threshold: slow})
	}
	o.Analytics.observe(&operations)
	return exec.New(operations)
}

// observers returns those who learn the outcome of operations.
func (o ServerOptions) observers() (list []exec.Observer) {
	if o.Errors != nil {
		list = append(list, o.Errors)
	}
	if o.Metrics != nil {
		list = append(list, o.Metrics.GraphQL)
	}
	return list
}

// probePool returns a pool of one connection, so that probes are answered while operations have all connections of the other pool. It
// connects on first use.
func probePool(pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	config := pool.Config()
	config.MaxConns, config.MinConns, config.MinIdleConns = 1, 0, 0
	return pgxpool.NewWithConfig(context.Background(), config)
}

// routes returns the routes of the API.
func (a *App) routes(api http.Handler) ([]server.Route, error) {
	streams := server.Policy{Streams: exec.IsStream}
	routes := []server.Route{
		{Pattern: "GET /graphql", Handler: api, Policy: streams}, {Pattern: "POST /graphql", Handler: api, Policy: streams},
		{Pattern: "GET " + auth.WhoAmIPath, Handler: http.HandlerFunc(auth.WhoAmI)},
	}
	if !a.Config.GraphQL.GraphiQL {
		return routes, nil
	}
	explorer, err := graphiql.Routes()
	return append(routes, explorer...), err
}

// API derives the API of a schema within the configured limits.
func (a *App) API(s *schema.Schema) (*graph.API, error) { return a.api(s, false) }

func (a *App) api(s *schema.Schema, policed bool) (*graph.API, error) {
	return graph.New(s, a.optionsOfAPI(policed))
}

func (a *App) optionsOfAPI(policed bool) graph.Options {
	o := limitsOfAPI(a.Config.GraphQL)
	o.Sessions, o.Policed, o.Relay = a.Config.LogsBrowsersIn, policed, a.Config.GraphQL.Relay
	return o
}

// Start listens and serves in the background.
func (s *Server) Start(ctx context.Context) error {
	s.live.look(ctx, s.schema)
	return s.http.Start(ctx)
}

// Wait blocks until the server no longer accepts connections. It returns the reason if the server was not stopped.
func (s *Server) Wait() error { return s.http.Wait() }

// Stop drains and stops the server.
func (s *Server) Stop(ctx context.Context) error {
	err := s.http.Stop(ctx)
	s.live.close()
	s.probes.Close()
	return err
}

// Layout lists the stages that requests pass and the routes that are served.
func (s *Server) Layout() string { return s.http.Layout() }

// URL is the URL of the server on this machine.
func (s *Server) URL() string { return "http://" + s.http.Addr() }

// Replace serves another schema, starting with the next request.
func (s *Server) Replace(next *schema.Schema) error {
	api, err := s.app.api(next, s.policed)
	if err == nil {
		err = s.app.verify(s.pool, api)
	}
	if err == nil {
		_, err = s.app.services(next)
	}
	if err != nil {
		return err
	}
	if s.metrics != nil {
		s.metrics.Business.Declare(next)
	}
	s.live.look(context.Background(), next)
	s.graph.Swap(api)
	return nil
}
