package tracing_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/telemetry/tracing"
)

// makeSpans makes a server span with a child, whose end and status the arguments choose.
func makeSpans(traced *tracing.Tracing, parent trace.SpanContext, took time.Duration, fail func(root, child trace.Span)) {
	began := time.Now()
	ctx := context.Background()
	if parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	ctx, root := traced.Tracer().Start(ctx, "root", trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(began))
	_, child := traced.Tracer().Start(ctx, "child", trace.WithSpanKind(trace.SpanKindClient))
	if fail != nil {
		fail(root, child)
	}
	child.End()
	root.End(trace.WithTimestamp(began.Add(took)))
}

func TestWhichTracesAreSent(t *testing.T) {
	remote := func(flags trace.TraceFlags) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: flags, Remote: true})
	}
	failed := func(root, _ trace.Span) { root.SetStatus(codes.Error, "internal") }
	for name, tt := range map[string]struct {
		options tracing.Options
		parent  trace.SpanContext
		took    time.Duration
		fail    func(root, child trace.Span)
		sent    bool
	}{
		"by chance":                         {options: tracing.Options{Sample: 1}, sent: true},
		"not by chance":                     {},
		"failed":                            {fail: failed, sent: true},
		"a statement failed":                {fail: func(_, child trace.Span) { child.SetStatus(codes.Error, "23505") }},
		"slow":                              {took: time.Second, sent: true},
		"not slow":                          {took: 900 * time.Millisecond},
		"slow by its own measure":           {options: tracing.Options{Slow: 10 * time.Millisecond}, took: 10 * time.Millisecond, sent: true},
		"a caller asks, and does not count": {parent: remote(trace.FlagsSampled)},
		"a caller asks, and counts":         {options: tracing.Options{Follow: true}, parent: remote(trace.FlagsSampled), sent: true},
		"a caller does not ask, and counts": {options: tracing.Options{Follow: true, Sample: 1}, parent: remote(0)},
		"it failed, whatever a caller asks": {options: tracing.Options{Follow: true}, parent: remote(0), fail: failed, sent: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			tt.options.Endpoint = c.URL
			traced, _, stop := start(t, tt.options)
			makeSpans(traced, tt.parent, tt.took, tt.fail)
			stop()
			got := c.names()
			var want []string
			if tt.sent {
				want = []string{"child", "root"}
			}
			if !slices.Equal(got, want) {
				t.Errorf("sent %q, not %q", got, want)
			}
			if traced.Exported() != uint64(len(got)) || traced.Dropped() != 0 {
				t.Errorf("%d are counted as sent, %d as lost", traced.Exported(), traced.Dropped())
			}
		})
	}
}

// The share holds, also for requests that all have the trace ID of one client.
func TestShare(t *testing.T) {
	for name, parent := range map[string]trace.SpanContext{
		"of new traces":   {},
		"of a chosen one": trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{15: 1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true}),
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			traced, _, stop := start(t, tracing.Options{Endpoint: c.URL, Sample: 0.2})
			const requests = 4000
			for range requests {
				makeSpans(traced, parent, 0, nil)
			}
			stop()
			if got := len(c.names()) / 2; got < requests/10 || got > requests*3/10 { // 20 %, 16 standard deviations wide
				t.Errorf("%d of %d are sent", got, requests)
			}
		})
	}
}

// What outlives its request goes where the request went.
func TestSpansThatOutliveTheirRequest(t *testing.T) {
	c := newCollector(t)
	traced, _, stop := start(t, tracing.Options{Endpoint: c.URL})
	for _, fails := range []bool{true, false} {
		ctx, root := traced.Tracer().Start(context.Background(), fmt.Sprint("root ", fails))
		_, late := traced.Tracer().Start(ctx, fmt.Sprint("late ", fails))
		if fails {
			root.SetStatus(codes.Error, "")
		}
		root.End()
		late.End()
		_, orphan := traced.Tracer().Start(ctx, fmt.Sprint("orphan ", fails))
		orphan.End()
	}
	stop()
	if got := c.names(); !slices.Equal(got, []string{"root true", "late true"}) {
		t.Errorf("sent %q", got)
	}
}

// Nothing is lost below the bounds, and what is lost above them is counted.
func TestNothingIsLostUncounted(t *testing.T) {
	c := newCollector(t)
	traced, _, stop := start(t, tracing.Options{Endpoint: c.URL, Sample: 1, Queue: 1 << 16})
	const workers, each = 8, 500
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				makeSpans(traced, trace.SpanContext{}, 0, nil)
			}
		})
	}
	wg.Wait()
	stop()
	if got := len(c.names()); got != 2*workers*each || traced.Exported() != uint64(got) || traced.Dropped() != 0 {
		t.Errorf("%d are received, %d counted as sent, %d as lost", got, traced.Exported(), traced.Dropped())
	}
	makeSpans(traced, trace.SpanContext{}, 0, nil)
	if traced.Dropped() != 2 {
		t.Errorf("%d spans after the end are counted as lost", traced.Dropped())
	}
}

// A request with more spans than may wait is sent without some of them.
func TestManySpansOfOneRequest(t *testing.T) {
	c := newCollector(t)
	traced, _, stop := start(t, tracing.Options{Endpoint: c.URL, Held: 100})
	ctx, root := traced.Tracer().Start(context.Background(), "root")
	const children = 300
	for range children {
		_, child := traced.Tracer().Start(ctx, "child")
		child.End()
	}
	root.SetStatus(codes.Error, "")
	root.End()
	stop()
	got := len(c.names())
	if got < 90 || got > 101 || got+int(traced.Dropped()) != children+1 {
		t.Errorf("%d are sent, %d are lost", got, traced.Dropped())
	}
	if names := c.names(); names[len(names)-1] != "root" {
		t.Errorf("the root is not sent: %q", names[len(names)-1])
	}
}

// The name of a span is the method and the route; what clients choose is bounded. Mistakes of clients are none of the server.
func TestServerSpans(t *testing.T) {
	c := newCollector(t)
	traced, _, stop := start(t, tracing.Options{Endpoint: c.URL, Sample: 1})
	api := serve(t, traced, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("do") {
		case "fail":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "refuse":
			w.WriteHeader(http.StatusForbidden)
		case "panic":
			panic("a bug")
		case "abort":
			panic(http.ErrAbortHandler)
		case "write":
			_, _ = io.WriteString(w, "12345")
		}
	})
	for _, r := range []struct{ method, path string }{
		{"POST", "/graphql?do=fail"}, {"POST", "/graphql?do=refuse"}, {"POST", "/graphql?do=panic"}, {"GET", "/items/s3cret?do=write"},
		{"GET", "/nowhere/x"}, {"BREW", "/graphql"}, {"GET", "/livez"}, {"POST", "/graphql?do=s3cret"},
	} {
		send(t, r.method, api+r.path, "User-Agent", strings.Repeat("a", 1000), "X-Correlation-Id", "c-1")
	}
	stop()
	var got []string
	for _, s := range c.spans {
		kv := map[string]string{}
		for _, a := range s.GetAttributes() {
			kv[a.GetKey()] = a.GetValue().GetStringValue()
			if a.GetKey() == "http.response.status_code" {
				kv["status"] = fmt.Sprint(a.GetValue().GetIntValue())
			}
		}
		if len(kv["user_agent.original"]) > 300 || kv["krowoc.correlation_id"] != "c-1" || kv["krowoc.request_id"] == "" {
			t.Errorf("%s has %v", s.GetName(), kv)
		}
		got = append(got, fmt.Sprintf("%s: %s %s %s %d %s", s.GetName(), kv["http.request.method"], kv["http.route"], kv["status"], s.GetStatus().GetCode(), kv["error.type"]))
	}
	want := []string{
		"POST /graphql: POST /graphql 503 2 503", "POST /graphql: POST /graphql 403 0 ", "POST /graphql: POST /graphql 500 2 500", "GET /items/{id}: GET /items/{id} 200 0 ",
		"GET: GET  404 0 ", "HTTP: _OTHER  405 0 ", "POST /graphql: POST /graphql 200 0 ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(string(c.raw), "do=") || strings.Contains(string(c.raw), "a bug") {
		t.Error("the query of a URL or the text of a panic was sent")
	}
}

// Values stay in the process, whoever makes the span.
func TestSpansAreCleaned(t *testing.T) {
	c := newCollector(t)
	traced, _, stop := start(t, tracing.Options{Endpoint: c.URL, Sample: 1})
	for _, sql := range []string{"SELECT 's3cret' FROM t", "SELECT 's3cret", "INSERT INTO t VALUES ('s3cret', " + strings.Repeat("'x',", 8<<10) + "1)"} {
		_, span := traced.Provider().Tracer("another").Start(context.Background(), "query SELECT's3cret'", trace.WithSpanKind(trace.SpanKindClient))
		span.SetAttributes(attribute.String("db.query.text", sql), attribute.String("graphql.document", "{a(b: \"s3cret\")}"), attribute.String("long", strings.Repeat("é", 10_000)))
		span.RecordError(fmt.Errorf("duplicate key s3cret"))
		span.SetStatus(codes.Error, "duplicate key s3cret")
		span.End()
	}
	stop()
	if strings.Contains(string(c.raw), "s3cret") {
		t.Errorf("a value was sent: %q", c.raw)
	}
	if got := c.names(); !slices.Equal(got, []string{"SELECT t", "SQL", "SQL"}) {
		t.Errorf("names %q", got)
	}
	if len(c.raw) > 40_000 {
		t.Errorf("%d bytes were sent", len(c.raw))
	}
}
