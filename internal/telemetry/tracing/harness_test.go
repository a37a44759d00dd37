package tracing_test

import (
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlptrace "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/krowoc/krowoc/internal/health"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/telemetry/tracing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector is a server that receives spans by OTLP over HTTP.
type collector struct {
	*httptest.Server
	answer func(w http.ResponseWriter, spans int) // nil accepts all

	mu       sync.Mutex
	spans    []*otlptrace.Span
	requests []*http.Request
	raw      []byte
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.receive(t, w, r) }))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) receive(t *testing.T, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	var batch otlp.ExportTraceServiceRequest
	unpacked, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	raw, err := io.ReadAll(unpacked)
	if err == nil {
		err = proto.Unmarshal(raw, &batch)
	}
	if err != nil {
		t.Error(err)
		return
	}
	var spans []*otlptrace.Span
	for _, resource := range batch.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			spans = append(spans, scope.GetSpans()...)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r)
	if c.answer != nil {
		recorder := httptest.NewRecorder()
		if c.answer(recorder, len(spans)); recorder.Code != http.StatusOK || recorder.Body.Len() > 0 {
			for name, values := range recorder.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(recorder.Code)
			_, _ = w.Write(recorder.Body.Bytes())
			return
		}
	}
	c.spans, c.raw = append(c.spans, spans...), append(c.raw, raw...)
}

func (c *collector) set(answer func(w http.ResponseWriter, spans int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

// names returns the names of the spans that were received.
func (c *collector) names() (names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		names = append(names, s.GetName())
	}
	return names
}

// logText is a log that can be read while it is written.
type logText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start traces until the test ends, or stop is called.
func start(t *testing.T, o tracing.Options) (traced *tracing.Tracing, log *logText, stop func()) {
	t.Helper()
	log = &logText{}
	o.Logger = slog.New(slog.NewJSONHandler(log, nil))
	if o.Delay == 0 {
		o.Delay = 10 * time.Millisecond
	}
	traced, err := tracing.New(o)
	if err == nil {
		err = traced.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = traced.Stop(ctx)
	})
	t.Cleanup(stop)
	return traced, log, stop
}

// serve serves a route behind the middleware of a real server, and returns its URL.
func serve(t *testing.T, traced *tracing.Tracing, handler http.HandlerFunc, more ...server.Middleware) string {
	t.Helper()
	checker, err := health.New(health.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Options{
		Address: "127.0.0.1:0", Health: checker, Routes: []server.Route{{Pattern: "POST /graphql", Handler: handler}, {Pattern: "GET /items/{id}", Handler: handler}},
		Middleware: append(more, server.Middleware{Stage: server.Identify, Name: "traces", First: true, Wrap: traced.HTTP(server.Answered)}),
	})
	if err == nil {
		err = s.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	return "http://" + s.Addr()
}

// send sends a request with pairs of header names and values, exactly as they are written.
func send(t *testing.T, method, url string, header ...string) http.Header {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header[header[i]] = append(r.Header[header[i]], header[i+1])
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.Header
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); !holds(); {
		select {
		case <-deadline:
			t.Fatalf("%s: it never happens", what)
		case <-tick.C:
		}
	}
}
