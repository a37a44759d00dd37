package metrics_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/graph"
	graphexec "github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/telemetry/metrics"
	"github.com/krowoc/krowoc/internal/testkit"
)

// scrape returns the metrics as a client that accepts the given media type reads them.
func scrape(t testing.TB, h http.Handler, accept string, header ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, metrics.Path, nil)
	r.Header.Set("Accept", accept)
	if len(header) == 2 {
		r.Header.Set(header[0], header[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

const openMetrics = "application/openmetrics-text; version=1.0.0"

func text(t testing.TB, m *metrics.Metrics) string {
	t.Helper()
	_, body := scrape(t, m.Handler("", slog.New(slog.DiscardHandler)), "text/plain")
	return body
}

// sampled returns a context whose trace is sampled, or not.
func sampled(t testing.TB, flags trace.TraceFlags) context.Context {
	t.Helper()
	id, err := trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")
	if err != nil {
		t.Fatal(err)
	}
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: flags}))
}

// notes is a schema with rows that everybody may read.
const notes = "type Note @table @auth(rules: [{allow: PUBLIC}]) { text: String! }"

// operations returns a handler of operations that no database answers, and that m observes.
func operations(t testing.TB, m *metrics.Metrics) *graphexec.Handler {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), "postgres://127.0.0.1:1/nothing")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return operationsOn(t, m, pool)
}

// operationsOn returns a handler of operations on notes in a database.
func operationsOn(t testing.TB, m *metrics.Metrics, pool *pgxpool.Pool) *graphexec.Handler {
	t.Helper()
	api, err := graph.New(parsed(t, notes), graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := graphexec.New(graphexec.Options{
		API: api, DB: graphexec.Single(pool), Logger: slog.New(slog.DiscardHandler), Concurrency: 2, Observers: []graphexec.Observer{m.GraphQL},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.WatchOperations(h.Stats)
	m.WatchPool("main", pool)
	return h
}

// database returns a database with the tables of a schema.
func database(t testing.TB, s *schema.Schema) *pgxpool.Pool {
	t.Helper()
	statements, err := ddl.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	db := testkit.NewDatabase(t)
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for _, sql := range append([]string{ddl.CreateUUIDFunction}, statements...) {
		testkit.Exec(t, db, sql)
	}
	return db
}

func ask(ctx context.Context, t testing.TB, h http.Handler, document string) {
	t.Helper()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(fmt.Sprintf(`{"query": %q}`, document)))
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// Clients choose paths and methods, and they name operations.
func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Options{Operations: 10})
	h := operationsOn(t, m, database(t, parsed(t, notes)))
	for i := range 5_000 {
		m.HTTP.Observe(t.Context(), metrics.Request{Method: fmt.Sprint("M", i), Status: 404})
		ask(t.Context(), t, h, fmt.Sprintf("query Empty%d { __typename }", i)) // takes no place of a name
	}
	for i := range 20 {
		ask(t.Context(), t, h, fmt.Sprintf("query Made%d { notes { nodes { text } } }", i))
	}
	ask(t.Context(), t, h, "query Made1 { __typename }")
	ask(t.Context(), t, h, "query Long"+strings.Repeat("x", 200)+" { notes { nodes { text } } }")
	ask(t.Context(), t, h, "query Invalid { nothingLikeThis }")
	m.HTTP.Observe(t.Context(), metrics.Request{Method: "QUERY", Status: 404})
	got := text(t, m)
	names := strings.Count(got, "graphql_operation_duration_seconds_count{")
	if names != 10+2 { // with those of all others and of documents that are not valid
		t.Errorf("%d operations have metrics", names)
	}
	for _, want := range []string{
		`http_server_request_duration_seconds_count{http_request_method="_OTHER",http_response_status_code="404",http_route="_OTHER"} 5000`,
		`http_server_request_duration_seconds_count{http_request_method="QUERY",http_response_status_code="404",http_route="_OTHER"} 1`,
		`graphql_operation_duration_seconds_count{graphql_operation_name="_OTHER",graphql_operation_type="query"} 5011`,
		`graphql_operation_duration_seconds_count{graphql_operation_name="Made1",graphql_operation_type="query"} 2`,
		`graphql_operation_errors_total{error_type="invalid",graphql_operation_name="",graphql_operation_type=""} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(got, "Invalid") || strings.Contains(got, "xxxx") || strings.Contains(got, "Empty") {
		t.Error("names that were not validated, are long or belong to empty operations are labels")
	}
}

// The name of an operation that fails gets no metrics of its own.
func TestFailuresTakeNoNames(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Options{})
	ask(t.Context(), t, operations(t, m), "query Fails { notes { nodes { text } } }")
	if got := text(t, m); strings.Contains(got, "Fails") || !strings.Contains(got, `graphql_operation_errors_total{error_type="unavailable",graphql_operation_name="_OTHER"`) {
		t.Errorf("the metrics are\n%s", got)
	}
}

// An exemplar leads from a histogram to a trace, if the trace is kept.
func TestExemplars(t *testing.T) {
	t.Parallel()
	for flags, want := range map[trace.TraceFlags]int{trace.FlagsSampled: 2, 0: 0} {
		m := metrics.New(metrics.Options{})
		ctx := sampled(t, flags)
		m.HTTP.Observe(ctx, metrics.Request{Pattern: "POST /graphql", Method: "POST", Status: 200, Took: time.Millisecond})
		ask(ctx, t, operations(t, m), "query Feed { __typename }")
		_, got := scrape(t, m.Handler("", slog.New(slog.DiscardHandler)), openMetrics)
		if n := strings.Count(got, `# {trace_id="0af7651916cd43dd8448eb211c80319c"}`); n != want {
			t.Errorf("flags %v: %d exemplars, want %d", flags, n, want)
		}
	}
}

func TestTokenOfTheScrape(t *testing.T) {
	t.Parallel()
	h := metrics.New(metrics.Options{}).Handler("0123456789abcdef", slog.New(slog.DiscardHandler))
	for sent, want := range map[string]int{
		"": 401, "Bearer ": 401, "Bearer 0123456789abcde": 401, "Basic 0123456789abcdef": 401, "0123456789abcdef": 401,
		"Bearer 0123456789abcdef": 200, "bearer 0123456789abcdef": 200,
	} {
		status, body := scrape(t, h, "*/*", "Authorization", sent)
		if status != want {
			t.Errorf("%q: %d", sent, status)
		}
		if (status == 200) != strings.Contains(body, "go_goroutines") || strings.Contains(body, "0123456789abcdef") {
			t.Errorf("%q: the answer is %.200s", sent, body)
		}
	}
}

func TestCachesAndTurns(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Options{Version: "1.2.3"})
	h := operations(t, m)
	for range 3 {
		ask(t.Context(), t, h, "{ __typename }")
	}
	got := text(t, m)
	for _, want := range []string{
		`krowoc_graphql_cache_hits_total{cache="documents"} 2`, `krowoc_graphql_cache_misses_total{cache="plans"} 1`, `krowoc_graphql_cache_entries{cache="plans"} 1`,
		`krowoc_graphql_subscriptions 0`, `krowoc_graphql_streams_dropped_total 0`,
		`krowoc_graphql_turns_max 2`, `krowoc_graphql_turns{state="running"} 0`,
		`db_client_connection_max{db_client_connection_pool_name="main"}`, `krowoc_build_info{goversion="go1.`, `version="1.2.3"} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// Prometheus's own tool finds nothing to complain about.
func TestPromtool(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		testkit.Skip(t, "promtool is not installed: metrics and alerts are not checked")
	}
	m := metrics.New(metrics.Options{})
	h := operations(t, m)
	ask(t.Context(), t, h, "query Feed { notes { nodes { text } } }")
	m.HTTP.Observe(t.Context(), metrics.Request{Pattern: "POST /graphql", Method: "POST", Status: 200})
	m.Auth.Observe("API key", metrics.Accepted)
	check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	check.Stdin = strings.NewReader(text(t, m))
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

func BenchmarkRequest(b *testing.B) {
	m := metrics.New(metrics.Options{})
	for name, ctx := range map[string]context.Context{"plain": b.Context(), "sampled": sampled(b, trace.FlagsSampled)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				end := m.HTTP.Begin()
				m.HTTP.Observe(ctx, metrics.Request{Pattern: "POST /graphql", Method: "POST", Status: 200, Size: 100, Sent: 2000, Took: time.Millisecond})
				end()
			}
		})
	}
}
