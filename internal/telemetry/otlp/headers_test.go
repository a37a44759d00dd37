package otlp_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/telemetry/otlp"
)

func TestParseHeaders(t *testing.T) {
	t.Parallel()
	got, err := otlp.ParseHeaders(" Authorization=Bearer%20a%2Cb , x-key = 1=2 ,,")
	if err != nil || len(got) != 2 || got["Authorization"] != "Bearer a,b" || got["x-key"] != "1=2" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"s3cret", "=s3cret", "a b=s3cret", "a=s3cret%0d%0aX: y", "a=%zzs3cret"} {
		if got, err := otlp.ParseHeaders(bad); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://a:4318": "http://a:4318/v1/traces", "http://a/": "http://a/v1/traces", "http://a/v1/traces": "http://a/v1/traces",
		"https://a/base": "https://a/base/v1/traces", "https://a/base?key=1": "https://a/base/v1/traces?key=1",
	} {
		if u, err := otlp.Endpoint(address, "/v1/traces"); err != nil || u.String() != want || !strings.HasPrefix(u.Path, "/") {
			t.Errorf("%s: %s, %v", address, u, err)
		}
	}
}
