package tracing_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/telemetry/otlp"
	"github.com/krowoc/krowoc/internal/telemetry/tracing"
)

// A real OpenTelemetry collector takes what is sent, and reads the same spans in it. KROWOC_TEST_COLLECTOR is its binary, which
// .ci/collector/smoke builds.
func TestRealCollector(t *testing.T) {
	binary := os.Getenv("KROWOC_TEST_COLLECTOR")
	if binary == "" {
		t.Skip("KROWOC_TEST_COLLECTOR is not set: no OpenTelemetry collector is asked")
	}
	address := freeAddress(t)
	config := fmt.Sprintf(`{receivers: {otlp: {protocols: {http: {endpoint: "%s"}}}}, exporters: {debug: {verbosity: detailed}},
		service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}, telemetry: {metrics: {level: none}}}}`, address)
	output := &logText{}
	command := exec.CommandContext(t.Context(), binary, "--config", "yaml:"+config)
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Wait() // the end of the test's context kills it
		if t.Failed() {
			t.Log(output)
		}
	})

	traced, log, stop := start(t, tracing.Options{Identity: otlp.Identity{Service: "shop", Version: "1.2", Environment: "test"}, Endpoint: "http://" + address, Sample: 1})
	api := serve(t, traced, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	send(t, http.MethodPost, api+"/graphql", "Traceparent", valid, "Tracestate", "foo=1")
	until(t, "the collector prints the span", func() bool { return strings.Contains(output.String(), "http.response.status_code: Int(503)") })
	stop()
	for _, want := range []string{
		"service.name: Str(shop)", "service.version: Str(1.2)", "deployment.environment.name: Str(test)", "Trace ID       : " + traceID, "Parent ID      : " + parentID,
		"Name           : POST /graphql", "Kind           : Server", "TraceState     : foo=1", "Status code    : Error", "http.route: Str(/graphql)",
	} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("%q is not in the output of the collector; the log has %q", want, log)
		}
	}
	if traced.Exported() != 1 || traced.Dropped() != 0 {
		t.Errorf("%d are sent, %d are lost", traced.Exported(), traced.Dropped())
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
