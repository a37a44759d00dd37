package app

import (
	"context"
	"log/slog"

	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/server"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Server is the API of one project over one database.
type Server struct {
	app   *App
	http  *server.Server
	graph *exec.Handler
}

// NewServer wires the API of a schema over the database behind pool. It serves nothing until Start.
func (a *App) NewServer(pool *pgxpool.Pool, s *schema.Schema, logger *slog.Logger) (*Server, error) {
	return a.newServerAt(a.Config.Server.Address, pool, s, logger, nil)
}

// newServerAt is NewServer at an address; callerOf says whom an access token names, nil that none does.
func (a *App) newServerAt(address string, pool *pgxpool.Pool, s *schema.Schema, logger *slog.Logger, callerOf callerOf) (*Server, error) {
	api, err := a.newAPI(s)
	if err != nil {
		return nil, err
	}
	logger = slog.New(server.LogRequestID(logger.Handler()))
	c := a.Config
	handler, err := exec.New(exec.Options{
		API: api, DB: pool, Logger: logger, Timeout: c.GraphQL.Timeout, Introspection: c.GraphQL.Introspection,
	})
	if err != nil {
		return nil, err
	}
	checker, err := a.Health(pool)
	if err != nil {
		return nil, err
	}
	t := c.Server.Timeouts
	srv, err := server.New(server.Options{
		Address: address, GraphQL: a.identify(handler, callerOf), GraphiQL: c.GraphQL.GraphiQL, Health: checker, Logger: logger,
		MaxBody: int64(c.Server.MaxBodyBytes), ReadHeaderTimeout: t.ReadHeader, ReadTimeout: t.Read, WriteTimeout: t.Write,
		IdleTimeout: t.Idle, DrainTimeout: t.Shutdown, PreStopDelay: t.DrainDelay,
	})
	if err != nil {
		return nil, err
	}
	return &Server{app: a, http: srv, graph: handler}, nil
}

func (a *App) newAPI(s *schema.Schema) (*graph.API, error) {
	g := a.Config.GraphQL
	return graph.New(s, graph.Options{MaxDepth: g.MaxDepth, MaxComplexity: g.MaxComplexity, MaxPageSize: g.MaxPageSize})
}

// Start listens and serves in the background.
func (s *Server) Start(ctx context.Context) error { return s.http.Start(ctx) }

// Wait blocks until the server no longer accepts connections, and says why if it was not stopped.
func (s *Server) Wait() error { return s.http.Wait() }

// Stop drains and ends the server.
func (s *Server) Stop(ctx context.Context) error { return s.http.Stop(ctx) }

// URL is where the server is reached from this machine.
func (s *Server) URL() string { return "http://" + s.http.Addr() }

// Replace serves another schema from the next request on.
func (s *Server) Replace(next *schema.Schema) error {
	api, err := s.app.newAPI(next)
	if err != nil {
		return err
	}
	s.graph.Swap(api)
	return nil
}
