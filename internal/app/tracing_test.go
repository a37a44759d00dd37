package app_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/dev/traces"
	"github.com/krowoc/krowoc/internal/testkit"
)

// tracesOf is the collector of development sessions, and what it received, as bytes.
type tracesOf struct {
	url string
	mu  sync.Mutex
	raw bytes.Buffer
}

func newCollector(t *testing.T) *tracesOf {
	t.Helper()
	c, mux := &tracesOf{}, http.NewServeMux()
	(&traces.Sink{}).Register(mux)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			packed, err := io.ReadAll(r.Body)
			plain, unpackErr := gzip.NewReader(bytes.NewReader(packed))
			if err != nil || unpackErr != nil {
				t.Errorf("the body cannot be read: %v, %v", err, unpackErr)
				return
			}
			c.mu.Lock()
			_, err = io.Copy(&c.raw, plain) //nolint:gosec // it is ours
			c.mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(packed))
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *tracesOf) bytes() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw.String()
}

// find waits for the trace with an ID and a number of spans.
func (c *tracesOf) find(t *testing.T, id string, spans int) traces.Trace {
	t.Helper()
	var found traces.Trace
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		_, _, text := get(t, c.url+"/traces/api/traces/"+id, nil)
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if len(found.Spans) >= spans {
			return found
		}
	}
	t.Fatalf("the trace %s has %+v, not %d spans", id, found.Spans, spans)
	return found
}

// attribute returns an attribute of a span.
func attribute(s traces.Span, name string) string {
	for _, a := range s.Attributes {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

func named(t *testing.T, trace traces.Trace, name string) traces.Span {
	t.Helper()
	n := slices.IndexFunc(trace.Spans, func(s traces.Span) bool { return s.Name == name })
	if n < 0 {
		t.Fatalf("no span is named %q: %+v", name, trace.Spans)
	}
	return trace.Spans[n]
}

// post sends an operation with pairs of header names and values.
func post(t *testing.T, url, body string, header ...string) (status int, _ http.Header, _ string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

// A request that crosses a browser, the API and SQL is one trace, and no value is in it.
func TestOneRequestIsOneTrace(t *testing.T) {
	database := testkit.DatabaseURL(t)
	apptest.MigrateAndSeed(t, newApp(t, repository, "KROWOC_DATABASE_URL="+database))
	collector, logs := newCollector(t), &safeBuffer{}
	url := serveIn(t, repository, database, slog.NewJSONHandler(logs, nil), "KROWOC_TELEMETRY_TRACES_ENDPOINT="+collector.url,
		"KROWOC_TELEMETRY_TRACES_SAMPLE=1", "KROWOC_TELEMETRY_SERVICE=shop", "KROWOC_TELEMETRY_SERVER_TIMING=true", "KROWOC_TELEMETRY_TRACES_HEADERS=key=h34d3r")
	const id, browser, secret = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "s3cr3t"
	body := fmt.Sprintf(`{"query": "query Find($t: String!) {a: prompts(first: 2, where: {title: {eq: $t}}) {nodes {title}} b: prompts(where: {title: {eq: \"%s\"}}) {totalCount}}", "variables": {"t": "%s"}}`, secret, secret)
	for range 2 {
		if status, header, text := post(t, url, body, "Traceparent", "00-"+id+"-"+browser+"-01", "Authorization", ""); status != http.StatusOK || !strings.Contains(text, "totalCount") {
			t.Fatalf("%d %s", status, text)
		} else if got := strings.Join(header.Values("Server-Timing"), ", "); !strings.Contains(got, "db;dur=") || !strings.Contains(got, `traceparent;desc="00-`+id) {
			t.Errorf("Server-Timing: %s", got)
		}
	}
	// Both have the ID that the browser chose. The first also prepares its statement.
	trace := collector.find(t, id, 7)
	if len(trace.Spans) != 7 {
		t.Errorf("%d spans: %+v", len(trace.Spans), trace.Spans)
	}
	request, operation, prepare, sql := named(t, trace, "POST /graphql"), named(t, trace, "query"), named(t, trace, "prepare SELECT prompts"), named(t, trace, "SELECT prompts")
	if request.Parent != browser || operation.Parent != request.ID || sql.Parent != operation.ID || prepare.Parent == "" {
		t.Errorf("the parents are %q, %q and %q", request.Parent, operation.Parent, sql.Parent)
	}
	if request.Kind != "server" || sql.Kind != "client" || request.Service != "shop" {
		t.Errorf("%+v", request)
	}
	for _, want := range []struct {
		span        traces.Span
		name, value string
	}{
		{request, "http.request.method", "POST"},
		{request, "http.route", "/graphql"},
		{request, "http.response.status_code", "200"},
		{request, "url.path", "/graphql"},
		{request, "krowoc.request_id", id},
		{operation, "graphql.operation.name", "Find"},
		{operation, "graphql.operation.type", "query"},
		{operation, "krowoc.plan.cached", "false"},
		{sql, "db.system.name", "postgresql"},
		{sql, "db.operation.name", "SELECT"},
		{sql, "db.query.summary", "SELECT prompts"},
		{sql, "server.address", ""},
	} {
		if got := attribute(want.span, want.name); got != want.value {
			t.Errorf("%s of %s is %q, not %q", want.name, want.span.Name, got, want.value)
		}
	}
	for name, span := range map[string]traces.Span{"krowoc.cost": operation, "graphql.document.hash": operation, "krowoc.sql.fingerprint": sql, "db.query.text": sql} {
		if attribute(span, name) == "" {
			t.Errorf("%s has no %s: %v", span.Name, name, span.Attributes)
		}
	}
	last := slices.IndexFunc(trace.Spans, func(s traces.Span) bool { return attribute(s, "krowoc.plan.cached") == "true" })
	if last < 0 {
		t.Error("the second operation does not find the plan of the first")
	}
	for _, private := range []string{secret, "h34d3r", "totalCount\":", database} {
		if strings.Contains(collector.bytes(), private) {
			t.Errorf("%q was sent", private)
		}
	}
	if text := logs.String(); !strings.Contains(text, `"trace_id":"`+id+`"`) || !strings.Contains(text, `"span_id":"`+request.ID+`"`) {
		t.Errorf("the log does not have the IDs of the trace:\n%s", text)
	}
}

// A log-in goes to the issuer with the traceparent of its request, and its password goes nowhere else.
func TestTraceOfALogIn(t *testing.T) {
	collector, parents := newCollector(t), make(chan string, 100)
	dir, a, _ := withIssuer(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/token") {
				parents <- r.Header.Get("Traceparent")
			}
			next.ServeHTTP(w, r)
		})
	})
	url := serveIn(t, dir, a.Config.Database.URL.Reveal(), slog.DiscardHandler, "KROWOC_TELEMETRY_TRACES_ENDPOINT="+collector.url, "KROWOC_TELEMETRY_TRACES_SAMPLE=1",
		"KROWOC_AUTH_SESSION_KEYS="+strings.Repeat("ab", 32), "KROWOC_SERVER_PUBLIC_URL=https://api.example.com")
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	form := strings.NewReader("email=farid@example.com&password=password")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/auth/login", form)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Traceparent": "00-" + id + "-00f067aa0ba902b7-01"} {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		t.Fatal(response.Status)
	}
	trace := collector.find(t, id, 3)
	call := named(t, trace, "POST")
	if got := <-parents; got != "00-"+id+"-"+call.ID+"-01" {
		t.Errorf("the issuer gets %q", got)
	}
	if attribute(call, "server.address") != "127.0.0.1" || attribute(call, "http.response.status_code") != "200" {
		t.Errorf("%+v", call)
	}
	for _, private := range []string{"farid", "password"} {
		if strings.Contains(collector.bytes(), private) {
			t.Errorf("%q was sent", private)
		}
	}
}

// Without a share, what fails through the server is sent, and mistakes of clients are not.
func TestFailuresAreTraced(t *testing.T) {
	database, collector := testkit.DatabaseURL(t), newCollector(t)
	apptest.Migrate(t, newApp(t, repository, "KROWOC_DATABASE_URL="+database))
	url := serveIn(t, repository, database, slog.DiscardHandler, "KROWOC_TELEMETRY_TRACES_ENDPOINT="+collector.url, "KROWOC_TELEMETRY_TRACES_SAMPLE=0")
	id := func(n int) string { return fmt.Sprintf("%032x", n) }
	for n, body := range []string{`{"query": "{prompts {totalCount}}"}`, `{"query": "{nothing}"}`, `{`} {
		post(t, url, body, "Traceparent", "00-"+id(n+1)+"-00f067aa0ba902b7-01")
	}
	pool, err := newApp(t, repository, "KROWOC_DATABASE_URL="+database).Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), "ALTER TABLE prompts RENAME TO secrets"); err != nil {
		t.Fatal(err)
	}
	if _, _, text := post(t, url, `{"query": "{prompts {totalCount}}"}`, "Traceparent", "00-"+id(9)+"-00f067aa0ba902b7-00"); !strings.Contains(text, "INTERNAL") {
		t.Fatal(text)
	}
	trace := collector.find(t, id(9), 3)
	if operation := named(t, trace, "query"); operation.Error != "internal" || attribute(operation, "error.type") != "internal" {
		t.Errorf("%+v", operation)
	}
	if sql := named(t, trace, "SELECT prompts"); sql.Error != "42P01" || len(sql.Events) > 0 {
		t.Errorf("%+v", sql)
	}
	if request := named(t, trace, "POST /graphql"); attribute(request, "http.route") != "/graphql" {
		t.Errorf("%+v", request)
	}
	for n := range 3 {
		if status, _, text := get(t, collector.url+"/traces/api/traces/"+id(n+1), nil); status != http.StatusNotFound {
			t.Errorf("the trace of a client's mistake was sent: %s", text)
		}
	}
}
