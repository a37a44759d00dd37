package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/listen"
	"github.com/krowoc/krowoc/internal/testkit"
)

const metricsToken = "a-token-that-only-the-scraper-knows"

// metricsOf scrapes a server with the token, or without.
func metricsOf(t *testing.T, url, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body.String()
}

// A server that is not told to has no metrics, and one that is told to gives them to nobody without the token.
func TestMetricsAreClosed(t *testing.T) {
	database := testkit.DatabaseURL(t)
	off := serveIn(t, repository, database, slog.DiscardHandler)
	if status, _ := metricsOf(t, off, ""); status != http.StatusNotFound {
		t.Errorf("without configuration the answer is %d", status)
	}
	on := serveIn(t, repository, database, slog.DiscardHandler, "KROWOC_TELEMETRY_METRICS_ENABLED=true", "KROWOC_TELEMETRY_METRICS_TOKEN="+metricsToken)
	for token, want := range map[string]int{"": http.StatusUnauthorized, "wrong": http.StatusUnauthorized, metricsToken: http.StatusOK} {
		if status, _ := metricsOf(t, on, token); status != want {
			t.Errorf("with the token %q the answer is %d", token, status)
		}
	}
	for name, environ := range map[string][]string{
		"the public address":    {"KROWOC_TELEMETRY_METRICS_ENABLED=true"},
		"a push at once":        {"KROWOC_TELEMETRY_METRICS_ENDPOINT=http://127.0.0.1:1", "KROWOC_TELEMETRY_METRICS_INTERVAL=0s"},
		"a header":              {"KROWOC_TELEMETRY_METRICS_ENDPOINT=http://127.0.0.1:1", "KROWOC_TELEMETRY_METRICS_HEADERS=short"},
		"an escape in a header": {"KROWOC_TELEMETRY_METRICS_ENDPOINT=http://127.0.0.1:1", "KROWOC_TELEMETRY_METRICS_HEADERS=a=%zzshort"},
		"a short token":         {"KROWOC_TELEMETRY_METRICS_ENABLED=true", "KROWOC_TELEMETRY_METRICS_TOKEN=short"},
	} {
		a := apptest.New(t, repository, append(environ, "KROWOC_ENV=production", "KROWOC_DATABASE_URL="+database)...)
		err := a.Serve(t.Context())
		if fault.CodeOf(err) != fault.Invalid || fault.HintOf(err) == "" || strings.Contains(err.Error(), "short\"") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a client does shows in the metrics, and nothing that identifies it does.
func TestMetricsOfRequests(t *testing.T) {
	a := newApp(t, repository, "DATABASE_URL=", "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t))
	apptest.MigrateAndSeed(t, a)
	o := a.DevServerOptions()
	o.Address = ""
	api := api(t, a, o)
	const secret = "hunter2-not-a-label"
	ask(t, api, "root;admin", `query Feed { prompts(first: 1) { nodes { title } } }`)
	ask(t, api, "root;admin", `query Broken { prompts(first: 1) { nodes { secret } } }`)
	ask(t, api, "root;admin", `mutation Refused { createVote(data: {}) { createdAt } }`)
	with(t, api+"/nowhere/"+secret, "Authorization", "Bearer "+secret)
	with(t, api+"/livez", "Accept", "*/*")
	status, got := metricsOf(t, api, "")
	for _, want := range []string{
		`http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="200",http_route="/graphql"} 3`,
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="401",http_route="_OTHER"} 1`,
		`http_server_response_body_size_bytes_count{http_route="/graphql"} 3`,
		`http_server_active_requests 0`,
		`graphql_operation_duration_seconds_count{graphql_operation_name="Feed",graphql_operation_type="query"} 1`,
		`graphql_operation_errors_total{error_type="invalid",graphql_operation_name="",graphql_operation_type=""} `,
		`krowoc_authentications_total{method="header Krowoc-Act-As",outcome="accepted"} 3`,
		`db_client_connections{db_client_connection_pool_name="main",db_client_connection_state="idle"} `,
		`db_client_connection_acquires_total{db_client_connection_pool_name="probes"} `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%d: no %s", status, want)
		}
	}
	for _, leak := range []string{secret, "livez", "root"} {
		if strings.Contains(got, leak) {
			t.Errorf("the metrics contain %q", leak)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// Prometheus, as Debian ships it, scrapes a server with its token and finds what the server has done.
func TestPrometheusScrapes(t *testing.T) {
	prometheus, err := exec.LookPath("prometheus")
	if err != nil {
		testkit.Skip(t, "prometheus is not installed: no server is scraped")
	}
	server := serveIn(t, repository, testkit.DatabaseURL(t), slog.DiscardHandler, "KROWOC_TELEMETRY_METRICS_ENABLED=true", "KROWOC_TELEMETRY_METRICS_TOKEN="+metricsToken)
	get(t, server+"/graphql", strings.NewReader(`{"query": "query Smoke { __typename }"}`))

	dir := t.TempDir()
	config := fmt.Sprintf("scrape_configs:\n- job_name: krowoc\n  scrape_interval: 1s\n  authorization: {credentials: %s}\n  static_configs: [{targets: [%q]}]\n",
		metricsToken, strings.TrimPrefix(server, "http://"))
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	port, err := listen.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprint("127.0.0.1:", port)
	ctx, stop := context.WithCancel(t.Context())
	var log bytes.Buffer
	process := exec.CommandContext(ctx, prometheus, "--config.file", filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", address, "--enable-feature=native-histograms,exemplar-storage")
	process.Stdout, process.Stderr = &log, &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = process.Wait() })
	for query, want := range map[string]string{
		`krowoc_build_info`: "1",
		`histogram_count(graphql_operation_duration_seconds{graphql_operation_name="_OTHER"})`: "1", // a native histogram
		`krowoc_graphql_cache_misses_total{cache="plans"}`:                                     "1",
	} {
		if got := promQuery(t, "http://"+address, query, want); got != want {
			t.Errorf("%s is %q, want %q", query, got, want)
		}
	}
	if t.Failed() {
		t.Log(log.String())
	}
}

// promQuery asks Prometheus until the answer is as wanted, and returns the last one.
func promQuery(t *testing.T, base, query, want string) (got string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for got != want && ctx.Err() == nil {
		<-tick.C
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/query?query="+url.QueryEscape(query), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			continue // Prometheus is starting
		}
		var answer struct {
			Data struct{ Result []struct{ Value [2]any } }
		}
		_ = json.NewDecoder(response.Body).Decode(&answer) // while it starts, the answer is text
		_ = response.Body.Close()
		if len(answer.Data.Result) == 1 {
			got = fmt.Sprint(answer.Data.Result[0].Value[1])
		}
	}
	return got
}

// With an address of their own, probes and metrics are there and not at the API.
func TestMetricsAtTheAddressOfProbes(t *testing.T) {
	log := &lines{}
	public := serveIn(t, repository, testkit.DatabaseURL(t), slog.NewJSONHandler(log, nil), "KROWOC_TELEMETRY_METRICS_ENABLED=true", "KROWOC_SERVER_PROBE_ADDRESS=127.0.0.1:0")
	if status, _ := metricsOf(t, public, ""); status != http.StatusNotFound {
		t.Errorf("the API answers %d", status)
	}
	probes := ""
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for probes == "" { // it is logged right after the address of the API
		<-tick.C
		for _, r := range log.all(t) {
			if r["msg"] == "serving probes" {
				probes = fmt.Sprint("http://", r["address"])
			}
		}
	}
	if status, got := metricsOf(t, probes, ""); status != http.StatusOK || !strings.Contains(got, `executions_total{status="RUNNING"} 0`) {
		t.Errorf("the address of the probes answers %d %.500s", status, got)
	}
	for _, r := range log.all(t) {
		if r["path"] == "/metrics" && r["status"] != 404.0 {
			t.Errorf("a scrape is in the access log: %v", r)
		}
	}
}

// The service writes executions through the API, and they show by status and by provider.
func TestMetricsOfExecutions(t *testing.T) {
	a := newApp(t, repository, "DATABASE_URL=", "KROWOC_DATABASE_URL="+testkit.DatabaseURL(t))
	apptest.MigrateAndSeed(t, a)
	o := a.DevServerOptions()
	o.Address = ""
	url := api(t, a, o)
	_, answer := ask(t, url, "root;admin", `{ models(first: 1) { nodes { id provider { id } } } users(first: 1) { nodes { id } } }`)
	model, provider, user := at(answer, "data.models.nodes.id"), at(answer, "data.models.nodes.provider.id"), at(answer, "data.users.nodes.id")
	_, answer = ask(t, url, "worker;runner", fmt.Sprintf(`mutation { createExecution(data: {modelId: %q, providerId: %q, userId: %q}) { id startedAt } }`, model, provider, user))
	if answer["errors"] != nil {
		t.Fatal(answer)
	}
	id, startedAt := at(answer, "data.createExecution.id"), at(answer, "data.createExecution.startedAt")
	_, answer = ask(t, url, "worker;runner", fmt.Sprintf(`mutation { updateExecution(id: %q, startedAt: %q, data: {status: SUCCEEDED, cost: "0.25"}) { cost } }`, id, startedAt))
	_, got := metricsOf(t, url, "")
	for _, want := range []string{`executions_total{status="RUNNING"} 1`, `executions_total{status="SUCCEEDED"} 1`, fmt.Sprintf(`execution_cost_usd_total{provider=%q} 0.25`, provider)} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s: %v", want, answer)
		}
	}
}
