package dev

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// database is the session's Postgres: its own local server, or one that was there before.
type database struct {
	url    string
	server *local.Server // nil for one that was there before
}

func (d *database) stop(ctx context.Context) error {
	if d.server == nil {
		return nil
	}
	return d.server.Stop(ctx)
}

// exited is closed when the local server has ended; nil, and so never ready, for one of somebody else's.
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
		s.Postgres.Logger = s.logger("postgres")
		server, url, err := StartLocal(ctx, s.Postgres, s.Project)
		if err != nil {
			return err
		}
		s.postgres = &database{url: url, server: server}
		s.info("postgres", fmt.Sprintf("PostgreSQL %s is up %s", server.Version(), since(began, s.now())))
		if s.NewSyncer != nil {
			s.syncer = s.NewSyncer(server.URL("postgres"))
		}
		if s.NewBranches != nil {
			s.branches = s.NewBranches(server.URL("postgres"))
		}
	}
	pool, err := s.Connect(ctx, s.postgres.url)
	s.pool = pool
	if err != nil {
		return err
	}
	_, err = s.followBranch(ctx)
	return err
}

// StartLocal starts a local Postgres with the database of a project in it and returns that database's URL.
func StartLocal(ctx context.Context, o local.Options, project string) (*local.Server, string, error) {
	server, err := local.Start(ctx, o)
	if err != nil {
		return nil, "", err
	}
	if err := server.EnsureDatabase(ctx, project); err != nil {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		_ = server.Stop(stopping)
		return nil, "", fault.Wrap("create database "+project, err)
	}
	return server, server.URL(project), nil
}

func since(began, now time.Time) string { return fmt.Sprintf("(%d ms)", now.Sub(began).Milliseconds()) }
