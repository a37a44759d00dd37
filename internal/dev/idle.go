package dev

import (
	"context"

	"github.com/krowoc/krowoc/internal/fault"
)

// idle keeps the session up until ctx ends, and does not look at the files.
func (s *session) idle(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case w := <-s.wished():
			s.fulfil(ctx, w)
		case <-s.moved:
			s.tolerate("dev", s.publish(s.currentState()))
		case <-s.postgres.exited():
			if err := s.restartPostgres(ctx); err != nil {
				return err
			}
		}
	}
}

// fulfil grants a wish, and tells whose it was how that went.
func (s *session) fulfil(ctx context.Context, w wish) {
	err := w.grant(s, ctx)
	s.tolerate("dev", err)
	w.done <- err
}

// restartPostgres starts the local server again after it ended by itself.
func (s *session) restartPostgres(ctx context.Context) error {
	s.tolerate("postgres", s.postgres.server.Err())
	return s.renewPostgres(ctx)
}

// renewPostgres starts the local server anew. It takes the port that it had, so the API's pool finds it.
func (s *session) renewPostgres(ctx context.Context) error {
	if s.postgres.server == nil {
		return fault.New(fault.Invalid, "restart Postgres", "it is not the session's own")
	}
	_ = s.postgres.stop(ctx) // also what goes with it, such as its replicas; that it has ended is known
	defer s.whileStarting("postgres")()
	server, err := s.StartPostgres(ctx, s.logger("postgres"))
	if err != nil {
		return err
	}
	s.postgres.server = server
	if server.URL(s.Project) != s.postgres.url {
		return fault.New(fault.Unavailable, "start Postgres again", "its port was taken meanwhile", "Run `krowoc dev` again.")
	}
	s.pool.Reset()
	s.info("postgres", "is up again")
	return s.syncDatabase(ctx) // a crash may have lost the last moments
}
