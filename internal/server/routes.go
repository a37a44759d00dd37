package server

import (
	"net/http"
	"strings"

	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/server/graphiql"
)

// handler returns the routes within the middleware.
func (s *Server) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /livez", s.livez())
	mux.Handle("GET /startupz", s.startupz())
	mux.Handle("GET /readyz", s.readyz())
	mux.Handle("GET /healthz", s.healthz())
	mux.Handle("GET /graphql", s.options.GraphQL)
	mux.Handle("POST /graphql", s.options.GraphQL)
	if s.options.GraphiQL {
		mux.Handle("GET /{$}", http.RedirectHandler("/graphiql", http.StatusFound))
		if err := graphiql.Register(mux); err != nil {
			return nil, err
		}
	}
	return s.surround(presentErrors(mux)), nil
}

// presentErrors answers what the mux does not serve with problem details.
func presentErrors(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, pattern := mux.Handler(r); pattern == "" {
			answer := headerOnly{header: make(http.Header)}
			h.ServeHTTP(&answer, r)
			switch answer.status {
			case http.StatusNotFound:
				problem.NotFound().Write(w, r)
				return
			case http.StatusMethodNotAllowed:
				allow := answer.header.Get("Allow")
				w.Header().Set("Allow", allow)
				problem.MethodNotAllowed(r.Method, strings.Split(allow, ", ")...).Write(w, r)
				return
			}
		}
		mux.ServeHTTP(w, r)
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
