package server_test

import (
	"net/http"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/server"
)

// What starts a trace for a request stands before the access log and the panics, so that both have its IDs, and sees the answer.
func TestFirstMiddlewareSeesAll(t *testing.T) {
	id := trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}
	var status int
	var sent int64
	r := start(t, func(http.ResponseWriter, *http.Request) { panic("a bug") }, func(o *server.Options) {
		o.Middleware = []server.Middleware{{Stage: server.Identify, Name: "traces", First: true, Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r = r.WithContext(trace.ContextWithSpanContext(r.Context(), trace.NewSpanContext(id)))
				next.ServeHTTP(w, r)
				status, sent = server.Answered(r.Context())
			})
		}}}
	})
	got := r.do(t, http.MethodPost, "/graphql", nil)
	if status != http.StatusInternalServerError || sent != int64(len(got.body)) {
		t.Errorf("it sees %d with %d bytes, of %d", status, sent, len(got.body))
	}
	for _, message := range []string{"request", "a handler panicked"} {
		records := r.logs.find(t, message)
		if len(records) != 1 || records[0]["trace_id"] != id.TraceID.String() || records[0]["span_id"] != id.SpanID.String() || records[0]["request_id"] == nil {
			t.Errorf("%s: %v", message, records)
		}
	}
}
