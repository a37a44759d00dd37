package traces_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/krowoc/krowoc/internal/dev/traces"
)

func start(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	(&traces.Sink{}).Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func ask(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func list(t *testing.T, url string) []traces.Trace {
	t.Helper()
	var answer struct{ Traces []traces.Trace }
	if text := ask(t, url); json.Unmarshal([]byte(text), &answer) != nil {
		t.Fatal(text)
	}
	return answer.Traces
}

// TestSDK sends what a program with the Go SDK of OpenTelemetry sends.
func TestSDK(t *testing.T) {
	url := start(t)
	ctx := t.Context()
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url+"/v1/traces"), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	if err != nil {
		t.Fatal(err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(resource.NewSchemaless(attribute.String("service.name", "shop"))))
	tracer := provider.Tracer("test")
	ctx, root := tracer.Start(ctx, "GET /cart")
	_, child := tracer.Start(ctx, "SELECT")
	child.SetAttributes(attribute.String("db.statement", "<script>alert(1)</script>"), attribute.Int("rows", 3))
	child.AddEvent("retry")
	child.SetStatus(codes.Error, "deadlock")
	child.End()
	root.End()
	if err := provider.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	found := list(t, url+"/traces/api/traces?service=shop&error=1&q=script")
	if len(found) != 1 || len(found[0].Spans) != 2 || found[0].Spans[0].Name != "GET /cart" || found[0].Spans[1].Parent != found[0].Spans[0].ID || found[0].Spans[1].Error != "deadlock" {
		t.Fatalf("%+v", found)
	}
	if none := list(t, url+"/traces/api/traces?service=other"); len(none) != 0 {
		t.Errorf("%+v", none)
	}
	page := ask(t, url+"/traces/"+found[0].ID)
	if strings.Contains(page, "<script>alert") || !strings.Contains(page, "deadlock") || !strings.Contains(page, "<rect ") {
		t.Error(page)
	}
	if page := ask(t, url+"/traces/"); !strings.Contains(page, "GET /cart") {
		t.Error(page)
	}
}

func post(t *testing.T, url, kind, encoding string, body []byte) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Content-Encoding", encoding)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func span(trace, id, parent int) string {
	return fmt.Sprintf(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"%016x","parentSpanId":"%016x","name":"s","startTimeUnixNano":"1","endTimeUnixNano":"2","unknown":1}]}]}]}`, trace, id, parent)
}

func TestBadInput(t *testing.T) {
	url := start(t)
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	for range 40 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind, encoding string
		body           []byte
		want           int
	}{
		{"text/plain", "", nil, http.StatusUnsupportedMediaType},
		{"application/json", "", []byte("nonsense"), http.StatusBadRequest},
		{"application/x-protobuf", "", []byte("nonsense"), http.StatusBadRequest},
		{"application/json", "gzip", []byte("{}"), http.StatusBadRequest},
		{"application/json", "gzip", bomb.Bytes(), http.StatusRequestEntityTooLarge},
		{"application/json", "", []byte(span(1, 1, 1)), http.StatusOK}, // its own parent
		{"application/json", "", []byte(span(1, 2, 3)), http.StatusOK},
		{"application/json", "", []byte(span(1, 3, 2)), http.StatusOK}, // each the other's parent
	} {
		if got := post(t, url+"/v1/traces", c.kind, c.encoding, c.body); got != c.want {
			t.Errorf("%s %.40s: %d, want %d", c.kind, c.body, got, c.want)
		}
	}
	if page := ask(t, url+fmt.Sprintf("/traces/%032x", 1)); !strings.Contains(page, "3 spans") {
		t.Error(page)
	}
	for _, other := range []string{"logs", "metrics"} {
		if got := post(t, url+"/v1/"+other, "application/json", "", []byte("{}")); got != http.StatusOK {
			t.Error(other, got)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	url := start(t)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 300 {
				post(t, url+"/v1/traces", "application/json", "", []byte(span(1+n*300+i, 1, 0)))
			}
		})
	}
	wg.Wait()
	if got := len(list(t, url+"/traces/api/traces?limit=5000")); got != 1000 {
		t.Errorf("%d are kept", got)
	}
}
