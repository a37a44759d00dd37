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
	// Lost returns why the service is gone, once it is, or the error of ctx; nil for one that cannot be started anew.
	Lost func(ctx context.Context) error
	PID  func() int // of its process; nil where it has none here
}

// services are those of a session. One that does not start is reported, and the others do.
type services struct {
	wg      sync.WaitGroup // until each has started or failed to
	kept    sync.WaitGroup
	mu      sync.Mutex
	running []*started
	failed  bool
}

// started is a service that was started, in the order of the options.
type started struct {
	Service
	at    int
	state string        // ready or restarting
	again chan struct{} // it is to start anew
	RunningService
}

// startServices starts the services in the background.
func (s *session) startServices(ctx context.Context) {
	if s.Services == nil {
		return
	}
	for i, service := range s.Services(s.logger) {
		s.services.wg.Go(func() {
			r := &started{Service: service, at: i, again: make(chan struct{}, 1)}
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
				s.services.kept.Go(func() { s.keep(ctx, r) })
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

// keep starts a service anew when it is gone, or somebody asks for that, until ctx ends.
func (s *session) keep(ctx context.Context, r *started) {
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
				case s.moved <- struct{}{}:
				default:
				}
				break
			}
			s.tolerate(r.Name, err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			case <-r.again:
			}
		}
	}
}

// await returns when the service is gone, with the reason, or is to start anew.
func (r *started) await(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lost := make(chan error, 1)
	go func() { lost <- r.Lost(ctx) }()
	select {
	case err := <-lost:
		return err
	case <-r.again:
		return nil
	}
}

// restart has a service start anew; there tells whether there is one of that name.
func (v *services) restart(name string) (there bool, err error) {
	for _, r := range v.await() {
		if r.Name != name {
			continue
		}
		if r.Lost == nil {
			return true, fault.New(fault.Invalid, "restart "+name, "it is a part of krowoc", "It starts anew with the session.")
		}
		select {
		case r.again <- struct{}{}:
		default: // it is to, already
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
	for at := 0; len(list) < len(v.running); at++ {
		for _, r := range v.running {
			if r.at == at {
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
	v.kept.Wait()
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
