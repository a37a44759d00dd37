package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/request"
	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/testkit"
)

// lines collects a log.
type lines struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.Write(p)
}

// records returns the records of the requests so far.
func (l *lines) records(t *testing.T) []map[string]any {
	t.Helper()
	return slices.DeleteFunc(l.all(t), func(r map[string]any) bool { return r[request.FieldRequestID] == nil })
}

// all returns the records so far.
func (l *lines) all(t *testing.T) (list []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.bytes.Bytes()) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, record)
	}
	return list
}

// machine authenticates a request with a header as a service with a key.
type machine struct{}

func (machine) Name() string { return "header Machine" }

func (machine) Authenticate(r *http.Request, _ string) (caller.Caller, bool, error) {
	return caller.Caller{UID: "worker", Key: "key-1", Service: true}, r.Header.Get("Machine") != "", nil
}

// traced gives each request a span, as tracing does.
func traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
		next.ServeHTTP(w, r.WithContext(trace.ContextWithSpanContext(r.Context(), span)))
	})
}

// panics lets two paths fail.
func panics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panics":
			panic("on purpose")
		case "/aborts":
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

// The documented fields are those of real records, and all of them occur.
func TestLogFields(t *testing.T) {
	a := newApp(t, repository, "DATABASE_URL=", "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t), "KROWOC_HEALTH_DISK_MIN_FREE=1000000GiB", "KROWOC_LOG_SLOW_OPERATIONS=1ns")
	apptest.MigrateAndSeed(t, a)
	log := &lines{}
	a.Logger = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	db, err := a.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.Schema()
	if err != nil {
		t.Fatal(err)
	}
	srv, err := a.NewServer(db.Pool, s, a.Logger, app.ServerOptions{
		Authenticators: []server.Authenticator{machine{}, app.ActAs{}},
		Middleware:     []server.Middleware{{Stage: server.Identify, Name: "traces", First: true, Wrap: traced}, {Stage: server.Identify, Name: "failures", Wrap: panics}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Stop(t.Context()) })
	const feed = `query Feed { prompts(first: 1) { nodes { title } } }`
	ask(t, srv.URL(), "root;admin", feed)
	with(t, srv.URL()+"/graphql?query={__typename}", "Machine", "1")
	with(t, srv.URL(), "Authorization", "Bearer of-nobody")
	with(t, srv.URL()+"/panics", "Accept", "*/*")
	for _, path := range []string{"/livez", "/readyz", "/healthz"} {
		with(t, srv.URL()+path, "Accept", "*/*")
	}
	if response, err := http.Get(srv.URL() + "/aborts"); err == nil {
		_ = response.Body.Close()
		t.Error("the request was not aborted")
	}
	db.Pool.Close()
	ask(t, srv.URL(), "root;admin", feed) // fails

	checkFields(t, log.records(t))
}

func checkFields(t *testing.T, records []map[string]any) {
	t.Helper()
	found := map[string]bool{}
	for _, r := range records {
		for name := range r {
			found[name] = true
			if !slices.ContainsFunc(request.Fields(), func(f request.Field) bool { return f.Name == name }) {
				t.Errorf("the field %s is not documented: %v", name, r)
			}
		}
		isAccess := r["msg"] == "request"
		if path := fmt.Sprint(r[request.FieldPath]); isAccess && strings.HasSuffix(path, "z") {
			t.Errorf("a probe is in the access log: %v", r)
		}
		isGraphQL := r[request.FieldOperation] == "Feed"
		if isGraphQL && (r[request.FieldUID] != "root" || r[request.FieldTraceID] == nil || r[request.FieldSpanID] == nil || r[request.FieldCorrelationID] == nil) {
			t.Errorf("a record of an operation does not have its caller, trace and IDs: %v", r)
		}
	}
	for _, f := range request.Fields() {
		if !found[f.Name] {
			t.Errorf("no record has %s", f.Name)
		}
	}
}
