package tracing

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// timing is how long parts of a request took.
type timing struct {
	sql, graphQL atomic.Int64 // nanoseconds
	used         atomic.Bool  // there was an operation
}

func (t *timing) setGraphQL(took time.Duration) {
	t.graphQL.Store(int64(took))
	t.used.Store(true)
}

// timed is a response that gets the header Server-Timing when its own is sent. It shows pages of other origins how the server works, so that
// they get it only if they may read the answer (Cross-Origin Resource Sharing).
//
// See https://www.w3.org/TR/server-timing/.
type timed struct {
	http.ResponseWriter
	timing  *timing
	request *http.Request
	span    trace.SpanContext
	sent    bool
}

// Unwrap is for http.ResponseController.
func (w *timed) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *timed) WriteHeader(status int) {
	if isFinal := status >= 200; isFinal && !w.sent {
		w.sent = true
		w.tell()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *timed) Write(p []byte) (int, error) {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher.
func (w *timed) Flush() {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack implements http.Hijacker.
func (w *timed) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

func (w *timed) tell() {
	h := w.Header()
	if isForeign(w.request) {
		origin := w.request.Header.Get("Origin")
		if origin == "" || h.Get("Access-Control-Allow-Origin") != origin {
			return
		}
		h.Set("Timing-Allow-Origin", origin)
	}
	if w.timing.used.Load() {
		h.Add("Server-Timing", "db;dur="+milliseconds(w.timing.sql.Load())+", graphql;dur="+milliseconds(w.timing.graphQL.Load()))
	}
	h.Add("Server-Timing", `traceparent;desc="`+parentText(w.span)+`"`)
}

// isForeign reports whether a page of another origin has sent a request.
func isForeign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		origin := r.Header.Get("Origin")
		return origin != "" && origin != "http://"+r.Host && origin != "https://"+r.Host
	}
	return true
}

func milliseconds(ns int64) string { return fmt.Sprintf("%.1f", float64(ns)/1e6) }
