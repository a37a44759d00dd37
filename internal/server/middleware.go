package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/problem"
)

// surround puts around next what every request gets: an id, a line in the access log, headers that protect
// browsers, a limit of its body, and an answer even if its handler panics.
func (s *Server) surround(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s.handlers.Add(1)
		defer s.handlers.Done()
		s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		r = identified(rw, r)
		protect(rw.Header())
		w := &response{ResponseWriter: rw, request: r}
		began := time.Now()
		aborted := true
		defer func() { s.logAccess(w, r, time.Since(began), aborted) }()
		s.guard(w, r, next)
		w.finish()
		aborted = false
	})
}

// protect sets headers for answers that no browser should interpret, frame or send its address along from.
func protect(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

// guard limits the body, calls next, and answers for it if it panics.
func (s *Server) guard(w *response, r *http.Request, next http.Handler) {
	defer func() {
		if v := recover(); v != nil {
			s.answerPanic(w, r, v)
		}
	}()
	if r.ContentLength > s.options.MaxBody {
		w.Header().Set("Connection", "close") // rather than read it all
		problem.TooLarge(s.options.MaxBody).Write(w, r)
		return
	}
	r.Body = limitedBody{http.MaxBytesReader(w.ResponseWriter, r.Body, s.options.MaxBody), w}
	next.ServeHTTP(w, r)
}

// answerPanic turns a panic into a problem. If the header is sent already, the connection is aborted, so that
// the client cannot take half an answer for a whole one.
func (s *Server) answerPanic(w *response, r *http.Request, v any) {
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler)
	}
	s.options.Logger.ErrorContext(r.Context(), "a handler panicked",
		"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	if w.status != 0 || w.hijacked {
		panic(http.ErrAbortHandler)
	}
	problem.Write(w, r, fault.New(fault.Internal, "serve "+r.URL.Path, "a handler panicked"))
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
