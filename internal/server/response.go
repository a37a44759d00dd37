package server

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/problem"
	"github.com/krowoc/krowoc/internal/request"
)

// response watches what a handler answers, and holds what the stages learn of a request until the access log reads it.
// http.ResponseController finds the connection through Unwrap; Flush and Hijack are there for handlers that look for
// http.Flusher and http.Hijacker.
type response struct {
	http.ResponseWriter
	request *http.Request
	info    *request.Info
	caller  caller.Caller
	refusal error // why the caller is not known
	stream  bool  // the deadlines end where the answer begins

	status   int // 0 until the header is sent
	bytes    int64
	hijacked bool
	tooLarge atomic.Int64 // the limit that the request's body broke; its readers may be other goroutines
	replaced bool         // the handler's answer is discarded
}

type responseKey struct{}

// newResponse returns the response to a request, whose header has the IDs of the request, and the request with the
// response in its context.
func newResponse(rw http.ResponseWriter, r *http.Request) (*response, *http.Request) {
	w := &response{ResponseWriter: rw, info: infoOf(r.Header)}
	rw.Header().Set(request.IDHeader, w.info.ID)
	rw.Header().Set(request.CorrelationHeader, w.info.Correlation)
	w.request = r.WithContext(context.WithValue(request.With(r.Context(), w.info), responseKey{}, w))
	return w, w.request
}

// responseOf returns the response to the request that ctx belongs to, or nil.
func responseOf(ctx context.Context) *response {
	w, _ := ctx.Value(responseKey{}).(*response)
	return w
}

// Unwrap returns the writer within.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader sends the status. A handler whose request body was cut off has answered a request that nobody
// sent, so that answer is replaced with 413.
func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return // net/http would log it as superfluous
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if limit := w.tooLarge.Load(); limit > 0 {
		w.replaced = true
		problem.TooLarge(limit).Write(counted{w}, w.request)
		return
	}
	w.status = status
	if w.stream {
		w.endDeadlines()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends the header if it is not sent, and the bytes.
func (w *response) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.replaced {
		return len(p), nil
	}
	return counted{w}.Write(p)
}

// Flush sends what is buffered.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError sends what is buffered.
func (w *response) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack takes over the connection.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.hijacked = w.hijacked || err == nil
	return conn, buffered, err
}

// finish answers for a handler that read too large a body and wrote nothing.
func (w *response) finish() {
	if w.status == 0 && !w.hijacked && w.tooLarge.Load() > 0 {
		w.WriteHeader(http.StatusOK)
	}
}

// counted writes through to the client and counts.
type counted struct{ *response }

func (c counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}
