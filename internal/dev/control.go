package dev

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/clone"
)

// Control inspects a running session and acts on it. Its zero value is ready for a session that has not started yet.
type Control struct {
	mu      sync.Mutex
	session *session
	pending chan request
}

// PartStatus is the status of a part of the stack.
type PartStatus struct {
	Name, State, URL string
	PID              int // 0 for a part of Krowoc itself or in a container
}

// bind connects the control to its session.
func (c *Control) bind(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.pending = s, make(chan request)
}

// Parts returns the status of the parts, or nil before the session is up.
func (c *Control) Parts() []PartStatus {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return nil
	}
	list := []PartStatus{{Name: "postgres", State: "ready", PID: s.postgres.pid()}, {Name: "api", State: "waiting", PID: s.PID}}
	if url := s.lock.current().URL; url != "" {
		list[1].State, list[1].URL = "ready", url+"/graphiql"
	}
	for _, r := range s.services.await() {
		part := PartStatus{Name: r.Name, State: r.state, URL: r.URL}
		if r.PID != nil {
			part.PID = r.PID()
		}
		list = append(list, part)
	}
	if s.processes == nil {
		return list
	}
	links := map[string]string{}
	for _, l := range s.processLinks() {
		links[l.Name] = l.URL
	}
	for _, p := range s.processes.Status() {
		list = append(list, PartStatus{p.Name, string(p.State), links[p.Name], p.PID})
	}
	return list
}

// Restart restarts a part: Postgres, a service or one of the team's own processes.
func (c *Control) Restart(ctx context.Context, name string) error {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return fault.New(fault.Unavailable, "restart "+name, "the session is not ready yet")
	}
	if name == "postgres" {
		return c.do(ctx, (*session).replacePostgres)
	}
	if there, err := s.services.restart(name); there {
		return err
	}
	if s.processes == nil || name == "api" {
		return fault.New(fault.Invalid, "restart "+name, "it is part of Krowoc itself", "stop the session and run `krowoc dev` again")
	}
	return s.processes.Restart(name)
}

// Seed loads the seeds again, even if they are unchanged.
func (c *Control) Seed(ctx context.Context) error { return c.do(ctx, (*session).reseed) }

// Reset rebuilds the database from migrations and seeds.
func (c *Control) Reset(ctx context.Context) error { return c.do(ctx, (*session).resetDatabase) }

// request is an action that the session runs between two changes of files.
type request struct {
	action func(*session, context.Context) error
	done   chan error
}

// do has the session run an action and waits for the result.
func (c *Control) do(ctx context.Context, action func(*session, context.Context) error) error {
	c.mu.Lock()
	pending := c.pending
	c.mu.Unlock()
	r := request{action, make(chan error, 1)}
	select {
	case pending <- r: // nil before the session is up, which blocks
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// requests is the channel of requests. It is nil, which blocks, in a session without a control.
func (s *session) requests() chan request {
	if s.Control == nil {
		return nil
	}
	return s.Control.pending
}

// reseed loads the seeds even if they are unchanged.
func (s *session) reseed(ctx context.Context) error {
	if s.schema == nil {
		return fault.New(fault.Invalid, "load the seeds", "the schema is invalid", "fix the errors in the log, then try again")
	}
	if err := s.forget("seeds.digest"); err != nil {
		return err
	}
	return s.loadSeeds(ctx)
}

// resetDatabase empties the session's own database and rebuilds it from the project's files.
func (s *session) resetDatabase(ctx context.Context) error {
	const op = "reset the database"
	if s.postgres.server == nil {
		return fault.New(fault.Invalid, op, "the session uses an existing database", "remove database.url from the configuration: `krowoc dev` then starts a database of its own")
	}
	s.pool.Reset()
	var err error
	if s.branches != nil {
		err = s.branches.Reset(ctx)
	} else {
		err = clone.Server{URL: s.postgres.server.URL("postgres")}.Empty(ctx, s.Name)
	}
	s.pool.Reset() // the pool may have opened connections in the meantime
	if err = errors.Join(err, s.forget("seeds.digest"), s.forget("tables.digest")); err != nil {
		return fault.Wrap(op, err)
	}
	s.info("dev", "the database is empty; rebuilding it")
	s.apply(ctx, changes{schema: true, migrations: true, seeds: true})
	return nil
}

// forget removes a recorded digest of the database's content.
func (s *session) forget(name string) error {
	if err := os.Remove(filepath.Join(s.StateDir, name)); err != nil && !os.IsNotExist(err) {
		return fault.Wrap("remove a recorded digest", err)
	}
	return nil
}
