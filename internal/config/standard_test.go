package config_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/config"
)

func TestStandardVariablesAreWeakerThanOurs(t *testing.T) {
	const endpoint, own = "OTEL_EXPORTER_OTLP_ENDPOINT=http://standard:4318", "telemetry: {service: ours, traces: {endpoint: 'http://ours:4318'}}\n"
	for name, tt := range map[string]struct {
		yaml      string
		variables []string
		service   string
		endpoint  string
		warning   string
	}{
		"none":             {"", nil, "", "", ""},
		"standard":         {"", []string{endpoint, "OTEL_SERVICE_NAME=shop"}, "shop", "http://standard:4318", ""},
		"of traces alone":  {"", []string{endpoint, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://traces:4318"}, "", "http://traces:4318", ""},
		"ours in the file": {own, []string{endpoint, "OTEL_SERVICE_NAME=shop"}, "ours", "http://ours:4318", ""},
		"our variable":     {"", []string{endpoint, "KROWOC_TELEMETRY_TRACES_ENDPOINT=http://ours:1"}, "", "http://ours:1", ""},
		"turned off":       {"", []string{endpoint, "OTEL_SDK_DISABLED=true"}, "", "", ""},
		"no exporter":      {"", []string{endpoint, "OTEL_TRACES_EXPORTER=none"}, "", "", ""},
		"gRPC":             {"", []string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, "", "", "protocol grpc"},
		"HTTP for traces":  {"", []string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf"}, "", "http://standard:4318", ""},
		"no URL":           {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4317"}, "", "", "must be an http or https URL"},
	} {
		t.Run(name, func(t *testing.T) {
			c := mustLoad(t, tt.yaml, config.Options{Environ: tt.variables})
			if c.Telemetry.Service != tt.service || c.Telemetry.Traces.Endpoint != tt.endpoint {
				t.Errorf("service %q, endpoint %q", c.Telemetry.Service, c.Telemetry.Traces.Endpoint)
			}
			if got := c.Warnings.Error(); !strings.Contains(got, tt.warning) || (tt.warning == "" && len(c.Warnings) > 0) {
				t.Errorf("warns %s", got)
			}
		})
	}
	c := mustLoad(t, "", config.Options{Environ: []string{"OTEL_EXPORTER_OTLP_HEADERS=key=s3cret"}})
	if got := c.Telemetry.Traces.Headers; got.Reveal() != "key=s3cret" || strings.Contains(got.String(), "s3cret") || c.Origin("telemetry.traces.headers").String() != "OTEL_EXPORTER_OTLP_HEADERS" {
		t.Errorf("headers %s from %s", got, c.Origin("telemetry.traces.headers"))
	}
}
