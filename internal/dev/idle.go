package dev

import (
	"context"

	"github.com/krowoc/krowoc/internal/fault"
)

// idle keeps the session up until ctx ends, and does not watch the files.
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

// handle does what a request asks for, and returns the outcome to whoever asked.
func (s *session) handle(ctx context.Context, r request) {
	err := r.action(s, ctx)
	s.tolerate("dev", err)
	r.done <- err
}

// restartPostgres starts the local server again after it ended by itself.
func (s *session) restartPostgres(ctx context.Context) error {
	s.tolerate("postgres", s.postgres.server.Err())
	return s.replacePostgres(ctx)
}

// replacePostgres stops and starts the local server. It takes the port that it had, so the API's pool finds it.
func (s *session) replacePostgres(ctx context.Context) error {
	if s.postgres.server == nil {
		return fault.New(fault.Invalid, "restart Postgres", "it is not the session's own")
	}
	_ = s.postgres.stop(ctx) // also what goes with it, such as its replicas; that it has ended is known
	defer s.whileStarting("postgres")()
	server, err := s.Project.StartPostgres(ctx, s.logger("postgres"))
	if err != nil {
		return err
	}
	s.postgres.server = server
	if server.URL(s.Name) != s.postgres.url {
		return fault.New(fault.Unavailable, "start Postgres again", "its port was taken meanwhile", "Run `krowoc dev` again.")
	}
	s.pool.Reset()
	s.info("postgres", "is up again")
	return s.syncDatabase(ctx) // a crash may have lost the last moments
}
