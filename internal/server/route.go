package server

import (
	"fmt"
	"net/http"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// Route is something that the server serves.
type Route struct {
	Pattern string // as http.ServeMux takes it: "POST /graphql"
	Handler http.Handler
	Policy  Policy
}

// Policy says how the requests of a route are treated. The zero value has the limits of the Options.
type Policy struct {
	MaxBody      int64         // bytes of a request's body
	WriteTimeout time.Duration // from the end of the request's header to the end of the answer

	// Stream is for answers that go on for as long as both sides like: server-sent events, multipart answers,
	// WebSockets. Once its header is sent, an answer has no deadline, neither for writing nor for reading, and its
	// connection is the handler's to keep alive. When the server drains, the request's context ends.
	Stream bool

	// Streams reports which requests are streams, as with Stream, on a route where only some are. Nil is none.
	Streams func(r *http.Request) bool

	// Probe is for orchestrators and monitors: such requests are not in the access log, need no caller, pass
	// none of the middleware of parts that does not ask for them, and move to Options.ProbeAddress where there is one.
	Probe bool

	// Anonymous is for routes to which it does not matter who calls: their requests are not authenticated, so that credentials that have ended,
	// such as those in a cookie, are neither refused nor removed.
	Anonymous bool
}

// isStream reports whether the answer to a request is a stream.
func (p Policy) isStream(r *http.Request) bool { return p.Stream || (p.Streams != nil && p.Streams(r)) }

// withDefaults returns the policy with every gap filled.
func (p Policy) withDefaults(o Options) Policy {
	if p.MaxBody == 0 {
		p.MaxBody = o.MaxBody
	}
	if p.WriteTimeout == 0 {
		p.WriteTimeout = o.WriteTimeout
	}
	return p
}

// register adds a route to mux. Patterns that are wrong or that contradict one another make the mux panic.
func register(mux *http.ServeMux, pattern string, h http.Handler) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fault.New(fault.Internal, "add the route "+pattern, fmt.Sprint(v))
		}
	}()
	mux.Handle(pattern, h)
	return nil
}
