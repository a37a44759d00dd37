package metrics_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/telemetry/metrics"
	"github.com/krowoc/krowoc/internal/telemetry/otlp"
)

// receiver is a collector that reads OTLP, or that fails.
type receiver struct {
	fails    atomic.Bool
	failed   chan struct{}
	received chan *collector.ExportMetricsServiceRequest
	header   http.Header
	path     string
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.fails.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		select {
		case c.failed <- struct{}{}:
		default:
		}
		return
	}
	body, err := gzip.NewReader(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	raw, err := io.ReadAll(body)
	message := &collector.ExportMetricsServiceRequest{}
	if err != nil || proto.Unmarshal(raw, message) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	select {
	case c.received <- message:
		c.header, c.path = r.Header, r.URL.Path
	default:
	}
}

// log collects lines.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) count(message string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), message)
}

// A collector gets the metrics with their exemplars. While it fails, one line says so, and another one when it is back.
func TestPush(t *testing.T) {
	t.Parallel()
	c := &receiver{failed: make(chan struct{}, 1), received: make(chan *collector.ExportMetricsServiceRequest)}
	c.fails.Store(true)
	server := httptest.NewServer(c)
	defer server.Close()
	m := metrics.New(metrics.Options{})
	m.HTTP.Observe(sampled(t, trace.FlagsSampled), metrics.Request{Pattern: "POST /graphql", Method: "POST", Status: 200, Took: time.Millisecond})
	lines := &log{}
	p, err := m.Push(t.Context(), metrics.PushOptions{
		Endpoint: server.URL, Headers: map[string]string{"Authorization": "Bearer hunter2"}, Interval: 5 * time.Millisecond,
		Identity: otlp.Identity{Service: "shop", Version: "1.2.3", Environment: "test", Instance: "instance-1"}, Logger: slog.New(slog.NewJSONHandler(lines, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	<-c.failed
	c.fails.Store(false)
	message := <-c.received
	<-c.received
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	text := message.String()
	for _, want := range []string{`"shop"`, `"1.2.3"`, `"test"`, `"instance-1"`, "http_server_request_duration_seconds", "go_goroutines", "exemplars"} {
		if !strings.Contains(text, want) {
			t.Errorf("the collector does not receive %s", want)
		}
	}
	if c.path != "/v1/metrics" || c.header.Get("Authorization") != "Bearer hunter2" {
		t.Errorf("the request is %s %v", c.path, c.header)
	}
	if failed, again := lines.count("cannot be pushed"), lines.count("pushed again"); failed != 1 || again != 1 || lines.count("hunter2") > 0 {
		t.Errorf("the log has %d failures and %d recoveries:\n%s", failed, again, lines.text.String())
	}
}

// A redirect gets neither the headers nor the metrics, the environment has no say, and the log has no secret of the URL, of the headers or of
// what the collector answers. The path is that of traces, with another end.
func TestPushKeepsItsHeaders(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("another server gets %s %v", r.URL, r.Header) }))
	defer other.Close()
	for name, value := range map[string]string{
		"ENDPOINT": other.URL, "METRICS_ENDPOINT": other.URL, "HEADERS": "X-Of-Traces=hunter2", "METRICS_HEADERS": "X-Of-Metrics=hunter2", "COMPRESSION": "none",
	} {
		t.Setenv("OTEL_EXPORTER_OTLP_"+name, value)
	}
	requests := make(chan *http.Request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		w.Header().Set("Location", other.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
		_, _ = io.WriteString(w, "you sent hunter2")
	}))
	defer server.Close()
	lines := &log{}
	p, err := metrics.New(metrics.Options{}).Push(t.Context(), metrics.PushOptions{
		Endpoint: server.URL + "/base?token=hunter2", Headers: map[string]string{"Authorization": "Bearer hunter2"}, Logger: slog.New(slog.NewJSONHandler(lines, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	r := <-requests
	isOurs := r.URL.String() == "/base/v1/metrics?token=hunter2" && r.Header.Get("Authorization") == "Bearer hunter2" && r.Header.Get("Content-Encoding") == "gzip"
	if !isOurs || r.Header.Get("X-Of-Traces") != "" || r.Header.Get("X-Of-Metrics") != "" {
		t.Errorf("the request is %s %v", r.URL, r.Header)
	}
	if lines.count("hunter2") > 0 || lines.count("307") != 1 {
		t.Errorf("the log says %s", lines.text.String())
	}
}

// A URL and headers that cannot work are refused before anything is sent.
func TestPushChecksItsOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []metrics.PushOptions{{Endpoint: "collector:4318"}, {Endpoint: "http://collector", Headers: map[string]string{"a": "hunter2\r\n"}}} {
		if _, err := metrics.New(metrics.Options{}).Push(t.Context(), o); fault.CodeOf(err) != fault.Invalid || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

// A collector that accepts connections and never answers does not hold up the end of the server.
func TestPushEndsInTime(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	p, err := metrics.New(metrics.Options{}).Push(t.Context(), metrics.PushOptions{Endpoint: server.URL, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := p.Stop(t.Context()); err != nil || time.Since(began) > 8*time.Second {
		t.Errorf("it took %s: %v", time.Since(began), err)
	}
}
