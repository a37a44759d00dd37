package server_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/server"
)

// keyed authenticates every request as a machine.
type keyed struct{}

func (keyed) Name() string { return "key" }

func (keyed) Authenticate(*http.Request, string) (caller.Caller, bool, error) {
	return caller.Caller{UID: "ada", Key: "key-1", Service: true}, true, nil
}

// Every record of a request after its authentication has the caller and the trace, also that of the access log, whose middleware ran before.
func TestRecordsHaveTheirCaller(t *testing.T) {
	var log *slog.Logger
	span := server.Middleware{Stage: server.Identify, Name: "span", First: true, Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			of := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{15: 7}, SpanID: trace.SpanID{7: 9}})
			next.ServeHTTP(w, r.WithContext(trace.ContextWithSpanContext(r.Context(), of)))
		})
	}}
	r := start(t, func(_ http.ResponseWriter, r *http.Request) {
		log.InfoContext(r.Context(), "within")
		log.InfoContext(r.Context(), "about another", "uid", "bob")
	}, func(o *server.Options) {
		o.Authenticators, o.Middleware = []server.Authenticator{keyed{}}, []server.Middleware{span}
		log = slog.New(server.LogRequestID(o.Logger.Handler()))
	})
	r.do(t, "GET", "/graphql", nil, "X-Request-ID", "r-1", "X-Correlation-ID", "c-1")
	for _, message := range []string{"within", "request"} {
		record := r.logs.find(t, message)[0]
		for name, want := range map[string]any{
			"request_id": "r-1", "correlation_id": "c-1", "uid": "ada", "key": "key-1", "service": true,
			"trace_id": "00000000000000000000000000000007", "span_id": "0000000000000009",
		} {
			if record[name] != want {
				t.Errorf("%s: %s = %v, want %v", message, name, record[name], want)
			}
		}
	}
	if r.logs.find(t, "about another")[0]["uid"] != "bob" || strings.Count(r.logs.String(), `"uid"`) != 3 {
		t.Errorf("a record about a user names the caller instead:\n%s", r.logs.String())
	}
}

// Outside of requests a record has nothing added.
func TestRecordsOutsideOfRequests(t *testing.T) {
	var out bytes.Buffer
	slog.New(server.LogRequestID(slog.NewTextHandler(&out, nil))).Info("starting")
	if text := out.String(); !strings.HasSuffix(text, "msg=starting\n") {
		t.Errorf("the record is %s", text)
	}
}
