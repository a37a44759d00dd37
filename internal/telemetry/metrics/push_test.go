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

	"github.com/krowoc/krowoc/internal/telemetry/metrics"
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
		Service: "shop", Version: "1.2.3", Logger: slog.New(slog.NewJSONHandler(lines, nil)),
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
	for _, want := range []string{`"shop"`, `"1.2.3"`, "http_server_request_duration_seconds", "go_goroutines", "exemplars"} {
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
