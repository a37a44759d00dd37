package server

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/health"
)

// Options say what is served, where and within which limits. Zero durations and sizes take the defaults.
type Options struct {
	Address  string // host:port; port 0 takes any free one
	GraphQL  http.Handler
	GraphiQL bool // serve the GraphQL explorer, for development
	Health   *health.Checker
	Logger   *slog.Logger // nil is silent

	MaxBody           int64         // bytes of a request's body; default 1 MiB
	ReadHeaderTimeout time.Duration // default 5 s
	ReadTimeout       time.Duration // of the whole request; default 30 s
	WriteTimeout      time.Duration // from the end of the header to the end of the answer; default 60 s
	IdleTimeout       time.Duration // of a kept-alive connection; default 120 s

	// PreStopDelay is how long requests are still accepted after /readyz began to fail, so that load
	// balancers notice; default none. DrainTimeout is how long requests in flight may then take; default 20 s.
	PreStopDelay time.Duration
	DrainTimeout time.Duration
}

// maxHeader is how many bytes the header of a request may have.
const maxHeader = 64 << 10

// withDefaults returns the options with every gap filled, or an Invalid fault.
func (o Options) withDefaults() (Options, error) {
	const op = "set up the server"
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		return o, fault.New(fault.Invalid, op, fmt.Sprintf("the address %q is not host:port", o.Address),
			"write it as in 127.0.0.1:8080, or :8080 for every interface")
	}
	if o.GraphQL == nil || o.Health == nil {
		return o, fault.New(fault.Internal, op, "there is nothing to serve, or nothing that knows its health")
	}
	if o.MaxBody < 0 || o.ReadHeaderTimeout < 0 || o.ReadTimeout < 0 || o.WriteTimeout < 0 ||
		o.IdleTimeout < 0 || o.PreStopDelay < 0 || o.DrainTimeout < 0 {
		return o, fault.New(fault.Invalid, op, "a limit is negative", "leave it out for the default")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = slog.New(LogRequestID(o.Logger.Handler()))
	o.MaxBody = cmp.Or(o.MaxBody, 1<<20)
	o.ReadHeaderTimeout = cmp.Or(o.ReadHeaderTimeout, 5*time.Second)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, 30*time.Second)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 60*time.Second)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 120*time.Second)
	o.DrainTimeout = cmp.Or(o.DrainTimeout, 20*time.Second)
	return o, nil
}
