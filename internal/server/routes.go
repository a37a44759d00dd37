package server

import (
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/problem"
)

// probeRoutes are those that every server has.
func (s *Server) probeRoutes() []Route {
	probe := Policy{Probe: true}
	return []Route{
		{"GET /livez", s.livez(), probe},
		{"GET /startupz", s.startupz(), probe},
		{"GET /readyz", s.readyz(), probe},
		{"GET /healthz", s.healthz(), probe},
	}
}

// routed is the handler of a route with all that surrounds it.
type routed struct{ http.Handler }

// handler returns routes behind their middleware, and problem details for all other requests.
func (s *Server) handler(routes []Route) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, r := range routes {
		if err := register(mux, r.Pattern, routed{s.surround(r.Handler, r.Policy)}); err != nil {
			return nil, err
		}
	}
	others := s.surround(presentErrors(mux), Policy{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, _ := mux.Handler(r); isRouted(h) {
			mux.ServeHTTP(w, r)
			return
		}
		others.ServeHTTP(w, r)
	}), nil
}

func isRouted(h http.Handler) bool {
	_, ok := h.(routed)
	return ok
}

// split tells the routes of the probe address from the others, where there is one.
func (s *Server) split() (api, probes []Route) {
	if s.options.ProbeAddress == "" {
		return s.routes, nil
	}
	for _, r := range s.routes {
		if r.Policy.Probe {
			probes = append(probes, r)
			continue
		}
		api = append(api, r)
	}
	return api, probes
}

// presentErrors answers what the mux does not serve with problem details, and its redirects as they are.
func presentErrors(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, _ := mux.Handler(r)
		answer := headerOnly{header: make(http.Header)}
		h.ServeHTTP(&answer, r)
		switch answer.status {
		case http.StatusNotFound:
			problem.NotFound().Write(w, r)
		case http.StatusMethodNotAllowed:
			allow := answer.header.Get("Allow")
			w.Header().Set("Allow", allow)
			problem.MethodNotAllowed(r.Method, strings.Split(allow, ", ")...).Write(w, r)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// headerOnly is a response whose body nobody reads.
type headerOnly struct {
	header http.Header
	status int
}

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) WriteHeader(status int)      { h.status = status }
func (h *headerOnly) Write(p []byte) (int, error) { return len(p), nil }
