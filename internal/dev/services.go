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
	Stop   func(ctx context.Context) error
	// Lost returns why the service is gone, once it is, or the error of ctx; nil for one that cannot be restarted.
	Lost func(ctx context.Context) error
	PID  func() int // of its process; nil where it has none here
}

// services are those of a session. One that does not start is reported, and the others do.
type services struct {
	wg      sync.WaitGroup // until each has started or failed to
	keepers sync.WaitGroup
	mu      sync.Mutex
	running []*started
	failed  bool
}

// started is a service that was started, in the order of the options.
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

// startService starts a service, and says so.
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

// longestServiceWait bounds the wait before a service that does not start is tried again; the first is a second.
const longestServiceWait = 30 * time.Second

// keepRunning restarts a service when it is gone, or on request, until ctx ends.
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
		_ = r.Stop(context.WithoutCancel(ctx)) // what is left of it
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

// await returns when the service is gone, with the reason, or is to restart.
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

// restart restarts a service; found reports whether there is one of that name.
func (v *services) restart(name string) (found bool, err error) {
	for _, r := range v.await() {
		if r.Name != name {
			continue
		}
		if r.Lost == nil {
			return true, fault.New(fault.Invalid, "restart "+name, "it is a part of krowoc", "It restarts with the session.")
		}
		select {
		case r.restart <- struct{}{}:
		default: // it is about to
		}
		return true, nil
	}
	return false, nil
}

// await returns what has started, as it is now, once every service has or has failed to.
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

// serviceStopTimeout bounds how long one service may take to stop.
const serviceStopTimeout = 15 * time.Second

// stop stops them all at once, after the context with which they were started has ended.
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
