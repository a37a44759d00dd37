package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
)

// builtIn returns the server's own middleware for a policy.
func (s *Server) builtIn(p Policy) []Middleware {
	p = p.withDefaults(s.options)
	return []Middleware{
		{Stage: Identify, Name: "request id", Wrap: s.identify(p), Probes: true},
		{Stage: Identify, Name: "security headers", Wrap: protect, Probes: true},
		{Stage: Identify, Name: "access log", Wrap: s.accessLog(p), Probes: true},
		{Stage: Identify, Name: "panics", Wrap: s.answerPanics, Probes: true},
		{Stage: Shield, Name: "body limit", Wrap: limitBody(p.MaxBody), Probes: true},
		{Stage: Authenticate, Name: callersName(s.options.Authenticators), Wrap: s.authenticate},
		{Stage: Serve, Name: "deadlines", Wrap: s.deadlines(p), Probes: true},
	}
}

// identify counts the request, gives it an id, and keeps what is known of it in its context.
func (s *Server) identify(p Policy) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			s.handlers.Add(1)
			defer s.handlers.Done()
			s.inFlight.Add(1)
			defer s.inFlight.Add(-1)
			w, r := newResponse(rw, r)
			w.stream = p.isStream(r)
			next.ServeHTTP(w, r)
		})
	}
}

// protect sets headers for answers that no browser should interpret, frame or send its address along from.
func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// accessLog writes a line for every answer, except those to probes: they come every few seconds and say the same each time.
func (s *Server) accessLog(p Policy) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if p.Probe {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			aborted := true
			defer func() {
				answer := responseOf(r.Context())
				s.logAccess(r.Context(), answer, time.Since(began), aborted)
				s.reportFailure(r.Context(), answer)
			}()
			next.ServeHTTP(w, r)
			aborted = false
		})
	}
}

// answerPanics turns a panic into a problem. If the header is sent already, the connection is aborted, so that
// the client cannot take half an answer for a whole one.
func (s *Server) answerPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				s.answerPanic(r.Context(), responseOf(r.Context()), v)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func (s *Server) answerPanic(ctx context.Context, w *response, v any) {
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	r := w.request
	cause := &fault.Panic{Value: v, Stack: debug.Stack()}
	s.options.Logger.ErrorContext(ctx, "a handler panicked", request.FieldPanic, fmt.Sprint(v), request.FieldStack, string(cause.Stack))
	failure := &fault.Error{Code: fault.Internal, Op: "serve a request", Message: "a handler panicked", Err: cause}
	if w.status != 0 || w.hijacked {
		w.info.Fail(ctx, failure)
		panic(http.ErrAbortHandler)
	}
	problem.Write(w, r, failure)
}

// limitBody refuses bodies of more than limit bytes, before they are read where their length is declared.
func limitBody(limit int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			response := responseOf(r.Context())
			response.request = r // the access log needs what the stage Identify has added to its context, such as a trace
			if r.ContentLength > limit {
				w.Header().Set("Connection", "close") // rather than read it all
				problem.TooLarge(limit).Write(w, r)
				return
			}
			r.Body = limitedBody{http.MaxBytesReader(response.ResponseWriter, r.Body, limit), response}
			next.ServeHTTP(w, r)
			response.finish()
		})
	}
}

// limitedBody tells the response when the body proves too large: a chunked one does not say so beforehand.
type limitedBody struct {
	io.ReadCloser
	response *response
}

func (b limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		b.response.tooLarge.Store(tooLarge.Limit)
	}
	return n, err
}
