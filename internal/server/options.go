package server

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/health"
)

// Options say what is served, where and within which limits. Zero durations and sizes take the defaults.
type Options struct {
	Address      string  // host:port; port 0 takes any free one
	ProbeAddress string  // of the routes that are probes, which Address then does not serve; empty is Address
	Routes       []Route // beside the probes /livez, /startupz, /readyz and /healthz
	Health       *health.Checker
	Logger       *slog.Logger // nil is silent

	Authenticators []Authenticator // in the order in which they are asked; without any, every caller is anonymous
	Middleware     []Middleware    // that parts of the program add to the stages

	// Failed learns of each request that was answered with a status from 400 on, after the answer. Probes are not among them. It must
	// not block; nil learns nothing.
	Failed func(ctx context.Context, f Failure)

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
	for _, address := range []string{o.Address, cmp.Or(o.ProbeAddress, o.Address)} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return o, fault.New(fault.Invalid, op, fmt.Sprintf("the address %q is not host:port", address),
				"write it as in 127.0.0.1:8080, or :8080 for every interface")
		}
	}
	if o.Health == nil {
		return o, fault.New(fault.Internal, op, "nothing knows its health")
	}
	if o.hasNegative() {
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

func (o Options) hasNegative() bool {
	limits := []time.Duration{o.ReadHeaderTimeout, o.ReadTimeout, o.WriteTimeout, o.IdleTimeout, o.PreStopDelay, o.DrainTimeout}
	sizes := []int64{o.MaxBody}
	for _, r := range o.Routes {
		limits, sizes = append(limits, r.Policy.WriteTimeout), append(sizes, r.Policy.MaxBody)
	}
	return slices.Min(limits) < 0 || slices.Min(sizes) < 0
}
