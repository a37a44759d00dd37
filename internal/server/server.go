// Package server is the HTTP side of Krowoc: the routes, what surrounds every request (ids, log, limits,
// panics), the probes, and a stop that cuts nobody off.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/listen"
)

// Server serves the API of one project.
type Server struct {
	options Options
	http    *http.Server
	cancel  context.CancelFunc // ends the context of every request

	handlers sync.WaitGroup
	inFlight atomic.Int64 // how many handlers there are
	started  atomic.Bool
	draining atomic.Bool

	mu       sync.Mutex
	listener net.Listener
	served   chan struct{} // closed when serving is over
	serveErr error
	stopping chan struct{} // closed when Stop is done
	stopErr  error
}

// New returns a server that does not listen yet.
func New(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	base, cancel := context.WithCancel(context.Background())
	s := &Server{options: o, cancel: cancel, served: make(chan struct{})}
	handler, err := s.handler()
	if err != nil {
		cancel()
		return nil, err
	}
	s.http = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: o.ReadHeaderTimeout,
		ReadTimeout:       o.ReadTimeout,
		WriteTimeout:      o.WriteTimeout,
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	return s, nil
}

// Start listens and serves in the background. An address in use is a Conflict that says who holds it.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopping != nil:
		return fault.New(fault.Canceled, "start the server", "it was stopped before")
	case s.listener != nil:
		return nil
	}
	listener, err := listen.TCP(ctx, s.options.Address)
	if err != nil {
		return err
	}
	s.listener = listener
	s.options.Logger.Info("serving", "address", listener.Addr().String())
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.serveErr = fault.Wrap("serve "+listener.Addr().String(), err)
		}
		close(s.served)
	}()
	s.started.Store(true)
	return nil
}

// Addr returns the address on which the server listens, with its real port, or "" if it does not.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Wait blocks until the server no longer accepts connections, and says why if it was not stopped.
func (s *Server) Wait() error {
	<-s.served
	return s.serveErr
}

// Stop takes the server out of service: /readyz fails, then after PreStopDelay no connection is accepted any
// more, then requests in flight have DrainTimeout to finish, and what is left is cut off and reported. When
// ctx ends, each wait ends.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	if done := s.stopping; done != nil {
		s.mu.Unlock()
		select {
		case <-done:
			return s.stopErr
		case <-ctx.Done():
			return fault.Wrap("wait for the server to stop", ctx.Err())
		}
	}
	s.stopping = make(chan struct{})
	listening := s.listener != nil
	s.mu.Unlock()

	defer close(s.stopping)
	if !listening {
		s.cancel()
		close(s.served)
		return nil
	}
	s.stopErr = s.drain(ctx)
	s.abandon()
	return s.stopErr
}

// drain lets load balancers notice, and requests in flight finish.
func (s *Server) drain(ctx context.Context) error {
	s.draining.Store(true)
	s.options.Logger.Info("stopping", "requests_in_flight", s.inFlight.Load())
	wait(ctx, s.options.PreStopDelay)

	ctx, cancel := context.WithTimeout(ctx, s.options.DrainTimeout)
	defer cancel()
	began := time.Now()
	err := s.http.Shutdown(ctx)
	if err == nil {
		return nil
	}
	cut := s.inFlight.Load()
	_ = s.http.Close() // its error is that of the listener, which is closed already
	if cut == 0 {
		return nil // all were answered, and only the connections were not idle yet
	}
	return &fault.Error{
		Code: fault.Timeout, Op: "stop the server", Err: err,
		Message: fmt.Sprintf("%d of the requests in flight did not finish within %s and were cut off", cut, time.Since(began).Round(time.Millisecond)),
		Hint:    "a longer drain timeout gives them more time",
	}
}

// abandonGrace is how long handlers may take to notice that their context has ended.
const abandonGrace = time.Second

// abandon ends the context of the handlers that are left, those of cut off requests and of connections that
// were hijacked (WebSockets), and gives them a moment to return.
func (s *Server) abandon() {
	s.cancel()
	<-s.served
	returned := make(chan struct{})
	go func() { s.handlers.Wait(); close(returned) }()
	timer := time.NewTimer(abandonGrace)
	defer timer.Stop()
	select {
	case <-returned:
	case <-timer.C:
		s.options.Logger.Warn("requests were left behind", "requests_in_flight", s.inFlight.Load())
	}
}

// wait lets d pass, or less if ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
