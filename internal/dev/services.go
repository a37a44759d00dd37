package dev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Service is a part of the stack beside Postgres and the API: it starts with the session, and nothing of it waits for others.
type Service struct {
	Name  string
	Start func(ctx context.Context, log *slog.Logger) (RunningService, error)
}

// RunningService is a service that was started.
type RunningService struct {
	Detail string   // what it is: engine and version
	URL    string   // where people, or programs, find it
	Env    []string // in which programs find it
	PID    int      // 0 where it is no process of its own
	Stop   func(ctx context.Context) error
}

// services are those of a session. One that does not start is reported, and the others do.
type services struct {
	wg      sync.WaitGroup
	mu      sync.Mutex
	running []started
	failed  bool
}

// started is a service that runs, in the order of the options.
type started struct {
	name string
	at   int
	RunningService
}

// startServices starts the services in the background.
func (s *session) startServices(ctx context.Context) {
	if s.Services == nil {
		return
	}
	for i, service := range s.Services(s.logger) {
		s.services.wg.Go(func() {
			began := s.now()
			running, err := service.Start(ctx, s.logger(service.Name))
			s.services.mu.Lock()
			defer s.services.mu.Unlock()
			if err != nil {
				s.services.failed = true
				s.tolerate(service.Name, err)
				return
			}
			s.info(service.Name, fmt.Sprintf("%s %s", running.Detail, since(began, s.now())))
			s.services.running = append(s.services.running, started{service.Name, i, running})
		})
	}
}

// await returns what has started, once every service has or has failed to.
func (v *services) await() []started {
	v.wg.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	list := make([]started, 0, len(v.running))
	for at := 0; len(list) < len(v.running); at++ {
		for _, r := range v.running {
			if r.at == at {
				list = append(list, r)
			}
		}
	}
	return list
}

// serviceStopTimeout bounds how long one service may take to stop.
const serviceStopTimeout = 15 * time.Second

// stop stops them all at once.
func (v *services) stop(ctx context.Context) error {
	list := v.await()
	errs := make([]error, len(list))
	var wg sync.WaitGroup
	for i, r := range list {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, serviceStopTimeout)
			defer cancel()
			errs[i] = r.Stop(ctx)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
