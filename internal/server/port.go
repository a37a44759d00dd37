package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/listen"
)

// port is an address on which some of the routes are served. The methods of a nil one do nothing.
type port struct {
	address  string
	http     *http.Server
	listener net.Listener // nil until it listens
}

func (s *Server) newPort(base context.Context, address string, routes []Route) (*port, error) {
	handler, err := s.handler(routes)
	if err != nil {
		return nil, err
	}
	o := s.options
	return &port{address: address, http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: o.ReadHeaderTimeout,
		ReadTimeout:       o.ReadTimeout,
		WriteTimeout:      o.WriteTimeout,
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return base },
	}}, nil
}

func (p *port) listen(ctx context.Context) (err error) {
	if p == nil {
		return nil
	}
	p.listener, err = listen.TCP(ctx, p.address)
	return err
}

// unlisten undoes listen before anything is served.
func (p *port) unlisten() {
	_ = p.listener.Close()
	p.listener = nil
}

// serve serves until the port is closed, and says why if it was not.
func (p *port) serve() error {
	if p == nil {
		return nil
	}
	err := p.http.Serve(p.listener)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fault.Wrap("serve "+p.addr(), err)
}

func (p *port) addr() string {
	if p == nil || p.listener == nil {
		return ""
	}
	return p.listener.Addr().String()
}

// close ends the listener and every connection. Its error is that of a listener which is closed already.
func (p *port) close() {
	if p != nil {
		_ = p.http.Close()
	}
}
