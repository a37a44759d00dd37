package dev

import (
	"context"
	"os"
	"sync"

	"github.com/krowoc/krowoc/internal/fault"
)

// Control lets somebody look at a session that runs, and act on it. Its zero value is for a session that is still to start.
type Control struct {
	mu      sync.Mutex
	session *session
	reseed  chan chan error
}

// PartStatus is how a part of the stack is.
type PartStatus struct {
	Name, State, URL string
	PID              int // 0 where it is part of krowoc, or in a container
}

// bind gives the control its session.
func (c *Control) bind(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.reseed = s, make(chan chan error)
}

// Parts returns how the parts are, once the session is up.
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
		list = append(list, PartStatus{r.name, "ready", r.URL, r.PID})
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

// Restart starts one of the team's processes anew.
func (c *Control) Restart(name string) error {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil || s.processes == nil {
		return fault.New(fault.NotFound, "restart "+name, "there are no processes")
	}
	return s.processes.Restart(name)
}

// Seed loads the seeds again, also where they are unchanged.
func (c *Control) Seed(ctx context.Context) error {
	c.mu.Lock()
	reseed := c.reseed
	c.mu.Unlock()
	done := make(chan error, 1)
	select {
	case reseed <- done: // nil, and so never ready, before the session is up
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// seedAgain loads the seeds whether or not they were loaded before.
func (s *session) seedAgain(ctx context.Context) error {
	if s.schema == nil {
		return fault.New(fault.Invalid, "load the seeds", "the schema has mistakes")
	}
	if err := os.Remove(s.digestPath()); err != nil && !os.IsNotExist(err) {
		return fault.Wrap("forget which seeds are loaded", err)
	}
	return s.loadSeeds(ctx)
}
