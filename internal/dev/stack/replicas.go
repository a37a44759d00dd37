package stack

import (
	"context"
	"errors"

	"github.com/krowoc/krowoc/internal/dev"
)

// replica is a running read replica.
type replica interface {
	URL(database string) string
	Stop(ctx context.Context) error
}

// replicated is a server with read replicas.
type replicated struct {
	dev.Postgres
	replicas []replica
}

// withReplicas starts the configured number of replicas, each from a new copy of the server. start receives their numbers, from 1. If a
// replica does not start, the server stops.
func (s *Stack) withReplicas(ctx context.Context, server dev.Postgres, start func(i int) (replica, error)) (dev.Postgres, error) {
	n := s.Postgres.Replicas
	if n == 0 {
		return server, nil
	}
	r := &replicated{Postgres: server}
	for i := 1; i <= n; i++ {
		started, err := start(i)
		if err != nil {
			return nil, errors.Join(err, r.Stop(context.WithoutCancel(ctx)))
		}
		r.replicas = append(r.replicas, started)
	}
	return r, nil
}

// Replicas returns the URLs of a database on all replicas.
func (r *replicated) Replicas(database string) []string {
	var urls []string
	for _, replica := range r.replicas {
		urls = append(urls, replica.URL(database))
	}
	return urls
}

// PID is the process ID of the server, or 0 if it does not run on this machine.
func (r *replicated) PID() int {
	if p, ok := r.Postgres.(interface{ PID() int }); ok {
		return p.PID()
	}
	return 0
}

// Stop stops the replicas, and then the server.
func (r *replicated) Stop(ctx context.Context) error {
	var errs []error
	for _, replica := range r.replicas {
		errs = append(errs, replica.Stop(ctx))
	}
	return errors.Join(append(errs, r.Postgres.Stop(ctx))...)
}
