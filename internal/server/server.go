// Package server is the HTTP side of Krowoc: routes with a policy each, the stages that every request passes, the
// probes, and a stop that cuts nobody off.
package server

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Server serves the API of one project.
type Server struct {
	options    Options
	routes     []Route
	api        *port
	probes     *port           // nil unless they have an address of their own
	cancel     func()          // ends the context of every request
	streaming  context.Context // ends when the server drains
	endStreams func()

	handlers sync.WaitGroup
	inFlight atomic.Int64 // how many handlers there are
	streams  atomic.Int64 // how many of them serve a stream
	started  atomic.Bool
	draining atomic.Bool

	lastHealth sync.Map // status and component of the last report, by what was asked

	mu        sync.Mutex
	listening bool
	served    chan struct{} // closed when serving is over
	serveErr  error
	stopping  chan struct{} // closed when Stop is done
	stopErr   error
}

// New returns a server that does not listen yet.
func New(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, served: make(chan struct{})}
	s.routes = append(s.probeRoutes(), o.Routes...)
	base, cancel := context.WithCancel(context.Background())
	s.streaming, s.endStreams = context.WithCancel(base)
	s.cancel = func() { s.endStreams(); cancel() }
	if err := s.open(base); err != nil {
		s.cancel()
		return nil, err
	}
	return s, nil
}

// open makes the ports.
func (s *Server) open(base context.Context) (err error) {
	api, probes := s.split()
	if s.api, err = s.newPort(base, s.options.Address, api); err != nil {
		return err
	}
	if s.options.ProbeAddress != "" {
		s.probes, err = s.newPort(base, s.options.ProbeAddress, probes)
	}
	return err
}

// Start listens and serves in the background. An address in use is a Conflict that says who holds it.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopping != nil:
		return fault.New(fault.Canceled, "start the server", "it has already been stopped")
	case s.listening:
		return nil
	}
	if err := s.api.listen(ctx); err != nil {
		return err
	}
	if err := s.probes.listen(ctx); err != nil {
		s.api.unlisten()
		return err
	}
	s.listening = true
	go s.serve()
	s.started.Store(true) // before the log: who reads there that the server is serving may probe it at once
	s.options.Logger.Info("serving", "address", s.api.addr())
	if s.probes != nil {
		s.options.Logger.Info("serving probes", "address", s.probes.addr())
	}
	return nil
}

// serve serves on all ports until they are closed. One that ends by itself ends the others.
func (s *Server) serve() {
	var ports sync.WaitGroup
	var died sync.Once
	for _, p := range []*port{s.api, s.probes} {
		ports.Go(func() {
			err := p.serve()
			if err == nil {
				return
			}
			died.Do(func() { s.serveErr = err })
			s.api.close()
			s.probes.close()
		})
	}
	ports.Wait()
	close(s.served)
}

// Addr returns the address on which the server listens, with its real port, or "" if it does not.
func (s *Server) Addr() string { return s.addrOf(s.api) }

// ProbeAddr returns the address on which the server answers probes, or "" if it does not listen.
func (s *Server) ProbeAddr() string { return s.addrOf(cmp.Or(s.probes, s.api)) }

func (s *Server) addrOf(p *port) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.addr()
}

// InFlight returns how many requests are being answered, streams among them.
func (s *Server) InFlight() int64 { return s.inFlight.Load() }

// Streams returns how many streams are open.
func (s *Server) Streams() int64 { return s.streams.Load() }

// Wait blocks until the server no longer accepts connections, and says why if it was not stopped.
func (s *Server) Wait() error {
	<-s.served
	return s.serveErr
}

// Stop takes the server out of service: /readyz fails, then after PreStopDelay no connection is accepted any
// more and streams end, then requests in flight have DrainTimeout to finish, and what is left is cut off and reported.
// When ctx ends, each wait ends.
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
	listening := s.listening
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

// drain lets load balancers notice, and requests in flight finish. Streams are told to end. Probes are answered to the
// last where they have an address of their own.
func (s *Server) drain(ctx context.Context) error {
	defer s.probes.close()
	s.draining.Store(true)
	s.options.Logger.Info("stopping", "requests_in_flight", s.inFlight.Load(), "streams", s.streams.Load())
	wait(ctx, s.options.PreStopDelay)
	s.endStreams()

	ctx, cancel := context.WithTimeout(ctx, s.options.DrainTimeout)
	defer cancel()
	began := time.Now()
	err := s.api.http.Shutdown(ctx)
	if err == nil {
		return nil
	}
	cut := s.inFlight.Load()
	s.api.close()
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
