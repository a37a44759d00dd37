package tracing

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/request"
)

// Transport traces requests of the server to others. Those to the given hosts, each with its port if it has one in their URLs, carry the
// traceparent of the request on whose behalf they are made. Others, which a redirect or a document of a service names, do not.
//
// See https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client.
func (t *Tracing) Transport(base http.RoundTripper, hosts ...string) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{t, base, hosts}
}

type transport struct {
	tracing *Tracing
	base    http.RoundTripper
	hosts   []string
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if spanOf(r.Context()) == nil {
		return t.base.RoundTrip(r) // not on behalf of a request
	}
	isKnown, method := slices.Contains(t.hosts, r.URL.Host), "HTTP"
	if request.IsMethod(r.Method) {
		method = r.Method
	}
	ctx, s := t.tracing.begin(r.Context(), method, trace.SpanKindClient, time.Now())
	s.attributes = append(s.attributes, attribute.String("http.request.method", method))
	r = r.Clone(ctx)
	if isKnown {
		s.attributes = append(s.attributes, attribute.String("server.address", r.URL.Hostname()))
		inject(ctx, r.Header)
	}
	response, err := t.base.RoundTrip(r)
	switch {
	case err != nil:
		s.failed, s.cause = true, "no answer"
	case response.StatusCode >= http.StatusBadRequest:
		s.failed, s.cause = true, strconv.Itoa(response.StatusCode)
	}
	if err == nil {
		s.attributes = append(s.attributes, attribute.Int("http.response.status_code", response.StatusCode))
	}
	s.finish(time.Now())
	return response, err
}

// CloseIdleConnections is for http.Client.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
