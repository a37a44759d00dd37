package tracing_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	message "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/krowoc/krowoc/internal/telemetry/otlp"
	"github.com/krowoc/krowoc/internal/telemetry/tracing"
)

// While the collector is away, memory is bounded, what is lost is counted, and the log says it once. What waited is sent when it is back.
func TestCollectorAway(t *testing.T) {
	c := newCollector(t)
	c.set(func(w http.ResponseWriter, _ int) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	const queue = 100
	traced, log, stop := start(t, tracing.Options{Endpoint: c.URL + "/?token=s3cret", Sample: 1, Queue: queue, Delay: time.Millisecond})
	makeSpans(traced, trace.SpanContext{}, 0, nil)
	until(t, "the first attempt fails", func() bool { return strings.Contains(log.String(), "traces cannot be sent") })
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const requests = 20_000
	for range requests {
		makeSpans(traced, trace.SpanContext{}, 0, nil)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 2<<20 {
		t.Errorf("%d requests took %d bytes", requests, grown)
	}
	if traced.Waiting() != queue || traced.Dropped() != 2*requests-queue {
		t.Errorf("%d wait, %d are lost", traced.Waiting(), traced.Dropped())
	}
	c.set(nil)
	until(t, "it is back", func() bool { return strings.Contains(log.String(), "traces are sent again") && traced.Waiting() == 0 })
	stop()
	if got := uint64(len(c.names())); got != queue+2 || got != traced.Exported() || got+traced.Dropped() != 2*requests+2 {
		t.Errorf("%d are received, %d counted as sent, %d as lost", got, traced.Exported(), traced.Dropped())
	}
	for message, want := range map[string]int{"traces cannot be sent": 1, "are lost": 1, "sent again": 1, "s3cret": 0} {
		if got := strings.Count(log.String(), message); got != want {
			t.Errorf("%q is in the log %d times:\n%s", message, got, log)
		}
	}
}

// A collector that nobody reaches does not hold up the end.
func TestStopIsBounded(t *testing.T) {
	hangs := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hangs }))
	defer hanging.Close()
	defer close(hangs)
	traced, log, _ := start(t, tracing.Options{Endpoint: hanging.URL, Sample: 1})
	makeSpans(traced, trace.SpanContext{}, 0, nil)
	until(t, "it is being sent", func() bool { return traced.Waiting() == 0 })
	makeSpans(traced, trace.SpanContext{}, 0, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := traced.Stop(ctx); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if traced.Dropped() != 4 || traced.Exported() != 0 || !strings.Contains(log.String(), "not sent before the end") {
		t.Errorf("%d are lost, %d are sent:\n%s", traced.Dropped(), traced.Exported(), log)
	}
	if err := traced.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// What a collector refuses for good is lost and counted, also in part.
func TestCollectorRefuses(t *testing.T) {
	c := newCollector(t)
	status := http.StatusUnauthorized
	c.set(func(w http.ResponseWriter, spans int) {
		if status != http.StatusOK {
			w.Header().Set("Location", "http://127.0.0.1:1/v1/traces")
			w.WriteHeader(status)
			return
		}
		body, err := proto.Marshal(&message.ExportTraceServiceResponse{PartialSuccess: &message.ExportTracePartialSuccess{RejectedSpans: 1, ErrorMessage: "too old"}})
		if err != nil || spans == 0 {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(body)
	})
	traced, log, _ := start(t, tracing.Options{Endpoint: c.URL + "/base", Headers: map[string]string{"X-Key": "s3cret"}, Sample: 1})
	for _, next := range []int{http.StatusUnauthorized, http.StatusTemporaryRedirect} {
		c.mu.Lock()
		status = next
		c.mu.Unlock()
		before := traced.Dropped()
		makeSpans(traced, trace.SpanContext{}, 0, nil)
		until(t, "both are lost", func() bool { return traced.Dropped() == before+2 })
	}
	c.mu.Lock()
	status = http.StatusOK
	first := c.requests[0]
	c.mu.Unlock()
	makeSpans(traced, trace.SpanContext{}, 0, nil)
	until(t, "one is taken", func() bool { return traced.Exported() >= 1 && traced.Dropped() >= 5 })
	if first.URL.Path != "/base/v1/traces" || first.Header.Get("X-Key") != "s3cret" || first.Header.Get("Content-Type") != "application/x-protobuf" {
		t.Errorf("%s has %v", first.URL, first.Header)
	}
	if text := log.String(); strings.Count(text, "traces cannot be sent") != 1 || !strings.Contains(text, "401") || strings.Contains(text, "s3cret") || !strings.Contains(text, "too old") {
		t.Errorf("the log says\n%s", text)
	}
}

// Spans that cannot be written as a message do not block those that wait behind them.
func TestUnsendableSpansAreDropped(t *testing.T) {
	c := newCollector(t)
	traced, log, _ := start(t, tracing.Options{Identity: otlp.Identity{Service: "not UTF-8: \xff"}, Endpoint: c.URL, Sample: 1})
	for want := uint64(2); want <= 4; want += 2 {
		makeSpans(traced, trace.SpanContext{}, 0, nil)
		until(t, "both are lost", func() bool { return traced.Dropped() == want })
	}
	if text := log.String(); strings.Count(text, "traces cannot be sent") != 1 || !strings.Contains(text, "UTF-8") {
		t.Errorf("the log says\n%s", text)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]tracing.Options{
		"share": {Sample: 1.1}, "negative share": {Sample: -0.1}, "duration": {Slow: -1}, "queue": {Queue: -1}, "URL": {Endpoint: "localhost:4318"}, "scheme": {Endpoint: "ftp://a"},
		"name of a header": {Headers: map[string]string{"a b": "c"}}, "value of a header": {Headers: map[string]string{"a": "b\r\nc: d"}},
	} {
		if _, err := tracing.New(o); err == nil {
			t.Errorf("%s: %+v is accepted", name, o)
		}
	}
}
