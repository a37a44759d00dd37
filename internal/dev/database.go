package dev

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// Postgres is a server that a session has started.
type Postgres interface {
	URL(database string) string
	Version() string
	Exited() <-chan struct{} // closed when the server has exited, for whatever reason
	Err() error              // the reason of an exit that was not requested
	Stop(ctx context.Context) error
}

// database is the Postgres of a session: its own server or an existing one.
type database struct {
	url    string
	server Postgres // nil for an existing one
}

func (d *database) stop(ctx context.Context) error {
	if d.server == nil {
		return nil
	}
	return d.server.Stop(ctx)
}

// replicas are the URLs of the server's read replicas.
func (d *database) replicas(name string) []string {
	if r, ok := d.server.(interface {
		Replicas(database string) []string
	}); ok {
		return r.Replicas(name)
	}
	return nil
}

// pid is the process ID of the server, or 0 if it does not run on this machine.
func (d *database) pid() int {
	if p, ok := d.server.(interface{ PID() int }); ok {
		return p.PID()
	}
	return 0
}

// exited is closed when the session's own server has exited. It is nil, which blocks, for an existing server.
func (d *database) exited() <-chan struct{} {
	if d.server == nil {
		return nil
	}
	return d.server.Exited()
}

// DataDir is where the local Postgres of a state folder keeps its data.
func DataDir(stateDir string) string { return filepath.Join(stateDir, "postgres") }

// startPostgres starts the server, unless an existing one is configured, and connects to the database.
func (s *session) startPostgres(ctx context.Context) error {
	s.postgres = &database{url: s.DatabaseURL}
	if s.DatabaseURL == "" {
		began := s.now()
		started := s.whileStarting("postgres")
		server, err := s.Project.StartPostgres(ctx, s.logger("postgres"))
		started()
		if err != nil {
			return err
		}
		s.postgres = &database{url: server.URL(s.Name), server: server}
		s.info("postgres", fmt.Sprintf("PostgreSQL %s is up %s", server.Version(), since(began, s.now())))
		s.syncer = s.Project.Syncer(server.URL("postgres"))
		s.branches = s.Project.Branches(server.URL("postgres"))
	}
	pool, err := s.Project.Connect(ctx, s.postgres.url)
	s.pool = pool
	if err != nil {
		return err
	}
	_, err = s.followBranch(ctx)
	return err
}

func since(began, now time.Time) string { return fmt.Sprintf("(%d ms)", now.Sub(began).Milliseconds()) }
