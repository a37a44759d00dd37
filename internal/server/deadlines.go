package server

import (
	"context"
	"net/http"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// streamGrace is how long a stream may take for its last words after the server has begun to drain.
const streamGrace = time.Second

// errDraining is why the context of a stream ends when the server stops.
var errDraining = fault.New(fault.Canceled, "serve a stream", "the server is shutting down")

// deadlines gives a route its own deadlines. The one of net/http stands already; it is replaced only where the
// route's differs.
func (s *Server) deadlines(p Policy) func(http.Handler) http.Handler {
	if p.Streams != nil {
		return s.deadlinesOfSome(p)
	}
	return func(next http.Handler) http.Handler {
		switch {
		case p.Stream:
			return s.untilDrain(next)
		case p.WriteTimeout != s.options.WriteTimeout:
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				// It fails only on connections that have no deadlines, such as those of tests.
				_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(p.WriteTimeout))
				next.ServeHTTP(w, r)
			})
		}
		return next
	}
}

// deadlinesOfSome is deadlines for a route where some requests are streams.
func (s *Server) deadlinesOfSome(p Policy) func(http.Handler) http.Handler {
	isStream := p.Streams
	p.Streams = nil
	return func(next http.Handler) http.Handler {
		stream, other := s.untilDrain(next), s.deadlines(p)(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isStream(r) {
				stream.ServeHTTP(w, r)
				return
			}
			other.ServeHTTP(w, r)
		})
	}
}

// untilDrain serves a stream whose context ends when the server drains. A write that hangs then is cut after a moment,
// so that a client that does not read cannot hold the server up.
func (s *Server) untilDrain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.streams.Add(1)
		defer s.streams.Add(-1)
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		stop := context.AfterFunc(s.streaming, func() {
			cancel(errDraining)
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(streamGrace))
		})
		defer stop()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// endDeadlines takes the deadlines off a stream that begins to answer. That of reading counts too: when it passes,
// net/http takes the client for gone and ends the request's context.
func (w *response) endDeadlines() {
	control := http.NewResponseController(w.ResponseWriter)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
}
