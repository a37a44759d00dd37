package dev

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// Postgres is a server that a session has for itself.
type Postgres interface {
	URL(database string) string
	Version() string
	Exited() <-chan struct{} // closed when it has ended, asked or not
	Err() error              // why, where nobody asked
	Stop(ctx context.Context) error
}

// database is the session's Postgres: its own server, or one that was there before.
type database struct {
	url    string
	server Postgres // nil for one that was there before
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

// pid is the process of the server, 0 where it is not one of this machine.
func (d *database) pid() int {
	if p, ok := d.server.(interface{ PID() int }); ok {
		return p.PID()
	}
	return 0
}

// exited is closed when the session's own server has ended; nil, and so never ready, for one of somebody else's.
func (d *database) exited() <-chan struct{} {
	if d.server == nil {
		return nil
	}
	return d.server.Exited()
}

// DataDir is where the local Postgres of a state folder keeps its data.
func DataDir(stateDir string) string { return filepath.Join(stateDir, "postgres") }

// startPostgres makes the database reachable and connects to it.
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
