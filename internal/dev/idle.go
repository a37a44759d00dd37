package dev

import (
	"context"

	"github.com/krowoc/krowoc/internal/fault"
)

// idle keeps the session running until ctx ends, without watching files.
func (s *session) idle(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-s.requests():
			s.handle(ctx, r)
		case <-s.restarted:
			s.tolerate("dev", s.publish(s.currentState()))
		case <-s.postgres.exited():
			if err := s.restartPostgres(ctx); err != nil {
				return err
			}
		}
	}
}

// handle runs the action of a request and returns the result to the requester.
func (s *session) handle(ctx context.Context, r request) {
	err := r.action(s, ctx)
	s.tolerate("dev", err)
	r.done <- err
}

// restartPostgres restarts the local server after it has exited unexpectedly.
func (s *session) restartPostgres(ctx context.Context) error {
	if err := s.lock.check(); err != nil {
		return err // its data was deleted, and another session may use the folder
	}
	s.tolerate("postgres", s.postgres.server.Err())
	return s.replacePostgres(ctx)
}

// replacePostgres stops and starts the local server. The server keeps its port, so that the pool of the API can reconnect.
func (s *session) replacePostgres(ctx context.Context) error {
	if s.postgres.server == nil {
		return fault.New(fault.Invalid, "restart Postgres", "the session uses an existing database, which it did not start")
	}
	_ = s.postgres.stop(ctx) // also stops its replicas; the server may have exited already
	defer s.whileStarting("postgres")()
	server, err := s.Project.StartPostgres(ctx, s.logger("postgres"))
	if err != nil {
		return err
	}
	s.postgres.server = server
	if server.URL(s.Name) != s.postgres.url {
		return fault.New(fault.Unavailable, "restart Postgres", "another process took its port in the meantime", "run `krowoc dev` again")
	}
	s.pool.Reset()
	s.info("postgres", "restarted")
	return s.syncDatabase(ctx) // a crash may have lost the last transactions
}
