package dev

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
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
	err := s.postgres.server.Err()
	s.tolerate("postgres", err)
	for {
		if err := s.awaitRoom(ctx, err); err != nil {
			return err
		}
		if err = s.replacePostgres(ctx); !pg.IsDiskFull(err) {
			return err
		}
	}
}

const (
	roomPeriod = 2 * time.Second
	roomNeeded = 32 << 20 // bytes: two segments of Postgres's log
)

// awaitRoom waits, if an error is that of a full disk, until there is room on it again.
func (s *session) awaitRoom(ctx context.Context, err error) error {
	if !pg.IsDiskFull(err) || hasRoom(s.StateDir) {
		return nil
	}
	s.warn("postgres", "the disk of "+s.StateDir+" is full: the session waits until there is room")
	tick := time.NewTicker(roomPeriod)
	defer tick.Stop()
	for !hasRoom(s.StateDir) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// hasRoom reports whether a file that Postgres needs fits on the disk. Writing one also respects quotas.
func hasRoom(dir string) bool {
	file, err := os.CreateTemp(dir, "room-")
	if err != nil {
		return false
	}
	defer os.Remove(file.Name())
	defer file.Close()
	_, err = io.CopyN(file, zeros{}, roomNeeded)
	return err == nil
}

// zeros reads as zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
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
