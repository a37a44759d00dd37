package metrics

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/krowoc/krowoc/internal/request"
)

// HTTP are the metrics of HTTP requests, without those of probes.
type HTTP struct {
	duration                *prometheus.HistogramVec
	requestSize, answerSize *prometheus.HistogramVec
	active                  prometheus.Gauge

	routes *children[string, string]
	timed  *children[answered, prometheus.Observer]
	sized  *children[string, sizes]
}

// answered is a kind of answer. Routes, methods and statuses are bounded each.
type answered struct {
	pattern, method string
	status          int
}

type sizes struct{ request, answer prometheus.Observer }

func newHTTP(m *Metrics) *HTTP {
	const method, route, status = "http_request_method", "http_route", "http_response_status_code"
	h := &HTTP{
		duration:    m.histogram("http_server_request_duration_seconds", "How long requests took, without probes.", seconds, method, route, status),
		requestSize: m.histogram("http_server_request_body_size_bytes", "Declared sizes of request bodies.", bytes, route),
		answerSize:  m.histogram("http_server_response_body_size_bytes", "Sizes of response bodies as sent.", bytes, route),
		active:      m.gauge("http_server_active_requests", "Requests in flight, streams included, without probes.").WithLabelValues(),
	}
	h.routes = newChildren(routeOf)
	h.timed = newChildren(func(a answered) prometheus.Observer {
		return h.duration.WithLabelValues(a.method, h.routes.of(a.pattern), strconv.Itoa(a.status))
	})
	h.sized = newChildren(func(pattern string) sizes {
		route := h.routes.of(pattern)
		return sizes{h.requestSize.WithLabelValues(route), h.answerSize.WithLabelValues(route)}
	})
	return h
}

// Request is an HTTP request and its answer.
type Request struct {
	Pattern string // of the route, as http.Request has it; empty for a path that no route serves
	Method  string
	Size    int64 // of its body as declared; negative if unknown
	Status  int
	Sent    int64 // bytes of the answer's body
	Took    time.Duration
}

// Begin counts a request in flight, until the returned function is called.
func (h *HTTP) Begin() (end func()) {
	h.active.Inc()
	return h.active.Dec
}

// Observe counts a request that is answered.
func (h *HTTP) Observe(ctx context.Context, r Request) {
	observe(ctx, h.timed.of(answered{r.Pattern, methodOf(r.Method), statusOf(r.Status)}), r.Took.Seconds())
	sized := h.sized.of(r.Pattern)
	if r.Size >= 0 {
		sized.request.Observe(float64(r.Size))
	}
	sized.answer.Observe(float64(r.Sent))
}

// routeOf returns the path of a pattern, or Other for none.
func routeOf(pattern string) string {
	return cmp.Or(request.Route(pattern), Other)
}

// methodOf returns a method that HTTP defines, or Other.
func methodOf(method string) string {
	if request.IsMethod(method) {
		return method
	}
	return Other
}

// statusOf returns a status that HTTP has, or 0.
func statusOf(status int) int {
	if status < 100 || status > 599 {
		return 0
	}
	return status
}
