package metrics

import (
	"io"
	"net/http"
	"net/url"
)

// placeholder is the URL that the exporter gets. Nothing is sent there.
const placeholder = "https://collector.invalid" + metricsPath

const metricsPath = "/v1/metrics"

// sender sends the requests of OpenTelemetry's exporter to the collector. The exporter reads variables of the environment, which may be meant
// for traces: of its requests, only the body and the format count. What a collector says beside its status does not reach the log.
type sender struct {
	base    http.RoundTripper
	to      *url.URL
	headers map[string]string
}

// refusal is an answer that does not take the metrics.
type refusal struct{ status string }

func (r *refusal) Error() string { return "the collector answers " + r.status }

// RoundTrip implements http.RoundTripper.
func (s *sender) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	sent.URL, sent.Host, sent.Header = s.to, s.to.Host, http.Header{}
	for name, value := range s.headers {
		sent.Header.Set(name, value)
	}
	for _, name := range []string{"Content-Type", "Content-Encoding"} {
		sent.Header[name] = r.Header[name]
	}
	response, err := s.base.RoundTrip(sent)
	if err != nil || (response.StatusCode >= 200 && response.StatusCode <= 299) {
		return response, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection can be used again
	_ = response.Body.Close()
	return nil, &refusal{response.Status}
}

// CloseIdleConnections is for http.Client.
func (s *sender) CloseIdleConnections() {
	if c, ok := s.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
