package dev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Service is a part of the stack other than Postgres and the API. It starts with the session and does not depend on other parts.
type Service struct {
	Name  string
	Start func(ctx context.Context, log *slog.Logger) (RunningService, error)
}

// RunningService is a service that was started.
type RunningService struct {
	Detail string   // engine and version, for people
	URL    string   // of the service
	Env    []string // variables for programs that use the service
	Stop   func(ctx context.Context) error
	// Lost blocks until the service has exited, and returns the reason, or the error of ctx. It is nil if the service cannot be restarted.
	Lost func(ctx context.Context) error
	PID  func() int // of its process; nil if it has none on this machine
}

// services are the services of a session. A failure to start is reported and does not affect the others.
type services struct {
	wg      sync.WaitGroup // done when each one has started or failed
	keepers sync.WaitGroup
	mu      sync.Mutex
	running []*started
	failed  bool
}

// started is a service that has started.
type started struct {
	Service
	index   int
	state   string        // ready or restarting
	restart chan struct{} // receives a request to restart it
	RunningService
}

// startServices starts the services in the background.
func (s *session) startServices(ctx context.Context) {
	for i, service := range s.Project.Services(s.logger) {
		s.services.wg.Go(func() {
			r := &started{Service: service, index: i, restart: make(chan struct{}, 1)}
			if err := s.startService(ctx, r); err != nil {
				s.services.mu.Lock()
				defer s.services.mu.Unlock()
				s.services.failed = true
				s.tolerate(service.Name, err)
				return
			}
			s.services.mu.Lock()
			defer s.services.mu.Unlock()
			s.services.running = append(s.services.running, r)
			if r.Lost != nil {
				s.services.keepers.Go(func() { s.keepRunning(ctx, r) })
			}
		})
	}
}

// startService starts a service and reports the result.
func (s *session) startService(ctx context.Context, r *started) error {
	began := s.now()
	defer s.whileStarting(r.Name)()
	running, err := r.Start(ctx, s.logger(r.Name))
	if err != nil {
		return err
	}
	s.services.mu.Lock()
	r.RunningService, r.state = running, "ready"
	s.services.mu.Unlock()
	s.info(r.Name, fmt.Sprintf("%s %s", running.Detail, since(began, s.now())))
	return nil
}

// longestServiceWait is the maximum backoff between attempts to start a service. The first one is a second.
const longestServiceWait = 30 * time.Second

// keepRunning restarts a service when it has exited, or on request, until ctx ends.
func (s *session) keepRunning(ctx context.Context, r *started) {
	for ctx.Err() == nil {
		if err := r.await(ctx); ctx.Err() != nil {
			return
		} else if err != nil {
			s.fail(r.Name, err)
		}
		s.services.mu.Lock()
		r.state = "restarting"
		s.services.mu.Unlock()
		_ = r.Stop(context.WithoutCancel(ctx)) // clean up
		for wait := time.Second; ; wait = min(2*wait, longestServiceWait) {
			err := s.startService(ctx, r)
			if err == nil {
				select {
				case s.restarted <- struct{}{}:
				default:
				}
				break
			}
			s.tolerate(r.Name, err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			case <-r.restart:
			}
		}
	}
}

// await returns when the service has exited, with the reason, or when a restart was requested.
func (r *started) await(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lost := make(chan error, 1)
	go func() { lost <- r.Lost(ctx) }()
	select {
	case err := <-lost:
		return err
	case <-r.restart:
		return nil
	}
}

// restart restarts a service. found reports whether a service has that name.
func (v *services) restart(name string) (found bool, err error) {
	for _, r := range v.await() {
		if r.Name != name {
			continue
		}
		if r.Lost == nil {
			return true, fault.New(fault.Invalid, "restart "+name, "it is part of Krowoc itself", "stop the session and run `krowoc dev` again")
		}
		select {
		case r.restart <- struct{}{}:
		default: // a restart is pending
		}
		return true, nil
	}
	return false, nil
}

// await returns the started services with their current state, once every service has started or failed.
func (v *services) await() []started {
	v.wg.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	list := make([]started, 0, len(v.running))
	for index := 0; len(list) < len(v.running); index++ {
		for _, r := range v.running {
			if r.index == index {
				list = append(list, *r)
			}
		}
	}
	return list
}

// serviceStopTimeout is how long a service may take to stop.
const serviceStopTimeout = 15 * time.Second

// stop stops all services at the same time, after the context with which they were started has ended.
func (v *services) stop(ctx context.Context) error {
	v.wg.Wait()
	v.keepers.Wait()
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
