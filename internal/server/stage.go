package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Stage is one of the steps that every request takes, in this order.
type Stage int

// The stages.
const (
	// Identify gives the request an id, and the answer a line in the log, protective headers and a last resort.
	Identify Stage = iota
	// Shield refuses what should not cost any work: by address, by size, by host.
	Shield
	// Authenticate finds out who calls.
	Authenticate
	// Limit refuses callers who ask for too much.
	Limit
	// Serve sets the deadlines of the route and calls its handler.
	Serve
)

var stageNames = []string{"Identify", "Shield", "Authenticate", "Limit", "Serve"}

// String returns the name of the stage.
func (s Stage) String() string { return stageNames[s] }

// Middleware is what a part of the program puts around the handlers of all routes.
type Middleware struct {
	Stage Stage
	Name  string // as Layout shows it
	Wrap  func(next http.Handler) http.Handler

	// Probes has it stand before probes as well.
	Probes bool

	// First has it stand before the server's own middleware of its stage. Only what gives the request its id comes earlier.
	First bool
}

// middleware returns what surrounds a route, the outermost first: within each stage that of the Options that is to be first, that of the
// server itself, then the others of the Options in their order.
func (s *Server) middleware(p Policy) []Middleware {
	own := s.builtIn(p)
	all := own[:1:1]
	for _, m := range s.options.Middleware {
		if m.First {
			all = append(all, m)
		}
	}
	all = append(all, own[1:]...)
	for _, m := range s.options.Middleware {
		if !m.First {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b Middleware) int { return int(a.Stage) - int(b.Stage) })
	return slices.DeleteFunc(all, func(m Middleware) bool {
		return (p.Probe && !m.Probes) || (p.Anonymous && m.Stage == Authenticate)
	})
}

// surround puts a handler behind the middleware of its policy.
func (s *Server) surround(h http.Handler, p Policy) http.Handler {
	for _, m := range slices.Backward(s.middleware(p)) {
		h = m.Wrap(h)
	}
	return h
}

// Layout lists the stages with their middleware and the routes with their policies. It shows at one glance, and to a
// test, in which order requests are treated.
func (s *Server) Layout() string {
	var b strings.Builder
	for stage := range Stage(len(stageNames)) {
		fmt.Fprintf(&b, "%-14s%s\n", stage, names(s.middleware(Policy{}), stage))
	}
	fmt.Fprintf(&b, "\n%-14s%s\n\n", "probes pass", names(s.middleware(Policy{Probe: true}), Identify, Shield, Authenticate, Limit, Serve))
	for _, r := range s.routes {
		fmt.Fprintf(&b, "%-42s%s\n", r.Pattern, r.Policy.text(s.options))
	}
	return b.String()
}

func names(list []Middleware, of ...Stage) string {
	var out []string
	for _, m := range list {
		if slices.Contains(of, m.Stage) {
			out = append(out, m.Name)
		}
	}
	if len(out) == 0 {
		return "-"
	}
	return strings.Join(out, ", ")
}

// text describes a policy for Layout.
func (p Policy) text(o Options) string {
	p = p.withDefaults(o)
	out := fmt.Sprintf("body %d", p.MaxBody)
	switch {
	case p.Stream:
		out += ", stream"
	default:
		out += ", write " + p.WriteTimeout.String()
	}
	if p.Streams != nil {
		out += ", some stream"
	}
	if p.Probe {
		out += ", probe"
	}
	if p.Anonymous {
		out += ", anonymous"
	}
	return out
}
