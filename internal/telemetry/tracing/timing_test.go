package tracing_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/server"
	"github.com/krowoc/krowoc/internal/server/cors"
	"github.com/krowoc/krowoc/internal/telemetry/tracing"
)

// Pages of other origins learn nothing about the server, unless they may read its answers.
func TestServerTiming(t *testing.T) {
	middleware, err := cors.Middleware([]string{"https://app.example"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		off    bool
		header []string
		timing bool
		allow  string
	}{
		"off":                      {off: true},
		"a program":                {timing: true},
		"same origin":              {header: []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://own.example"}, timing: true},
		"another origin":           {header: []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}},
		"another, by its name":     {header: []string{"Origin", "https://evil.example"}},
		"another, with no name":    {header: []string{"Sec-Fetch-Site", "cross-site"}},
		"another of the same site": {header: []string{"Sec-Fetch-Site", "same-site", "Origin", "https://other.own.example"}},
		"an allowed one":           {header: []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://app.example"}, timing: true, allow: "https://app.example"},
	} {
		t.Run(name, func(t *testing.T) {
			traced, _, _ := start(t, tracing.Options{Endpoint: newCollector(t).URL, ServerTiming: !tt.off})
			api := serve(t, traced, func(w http.ResponseWriter, _ *http.Request) {
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				if _, ok := w.(http.Hijacker); !ok {
					t.Error("the connection cannot be taken over")
				}
			}, append([]server.Middleware{}, middleware...)...)
			got := send(t, http.MethodPost, api+"/graphql", append(tt.header, "Traceparent", valid)...)
			timing := strings.Join(got.Values("Server-Timing"), ", ")
			if tells := strings.HasPrefix(timing, `traceparent;desc="00-`+traceID+"-"); tells != tt.timing || (timing != "" && !tt.timing) {
				t.Errorf("Server-Timing: %s", timing)
			}
			if got.Get("Timing-Allow-Origin") != tt.allow {
				t.Errorf("Timing-Allow-Origin: %s", got.Get("Timing-Allow-Origin"))
			}
		})
	}
}
