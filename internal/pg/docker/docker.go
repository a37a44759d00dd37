// Package docker runs a Postgres in a container that leaves nothing behind.
package docker

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/container"
)

// DefaultMajor is the version of Postgres that is run where none is asked for.
const DefaultMajor = 17

// Options say which Postgres to run.
type Options struct {
	Major  int // of Postgres; 0 is DefaultMajor
	Logger *slog.Logger
}

// Server is a running Postgres.
type Server struct {
	container *container.Container
	password  string
}

// Start runs the official image, for a time: its data is in memory and goes with it.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := &Server{password: rand.Text()}
	c, err := container.Start(ctx, container.Options{
		Image: fmt.Sprintf("postgres:%d", cmp.Or(o.Major, DefaultMajor)), Port: 5432, Purpose: "scratch", Logger: o.Logger,
		Env:    map[string]string{"POSTGRES_PASSWORD": s.password, "PGDATA": "/pgdata/data"},
		Memory: []string{"/pgdata"},
		Command: []string{"postgres", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "autovacuum_naptime=1h",
			"-c", "max_connections=200", "-c", "timezone=UTC"},
		Probe: func(ctx context.Context, address string) error {
			conn, err := pgx.Connect(ctx, at(address, s.password, "postgres"))
			if err != nil {
				return err
			}
			return conn.Close(ctx)
		},
	})
	s.container = c
	return s, err
}

// URL returns the connection string of a database. It holds the password.
func (s *Server) URL(database string) string {
	return at(s.container.Address(), s.password, database)
}

// Stop removes the server and its data.
func (s *Server) Stop(ctx context.Context) error { return s.container.Stop(ctx) }

func at(address, password, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("postgres", password), Host: address, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}
