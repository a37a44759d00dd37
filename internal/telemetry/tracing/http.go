package tracing

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/request"
)

// HTTP returns middleware that traces requests. The name of a span is the method and the route. answered returns with which status the
// request of a context was answered, and with how many bytes.
//
// See https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server.
func (t *Tracing) HTTP(answered func(context.Context) (status int, sent int64)) func(next http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			parent, state := parentOf(r.Header)
			name, route := nameOf(r)
			ctx, s := t.begin(withParent(r.Context(), parent, state), name, trace.SpanKindServer, time.Now())
			o := outcome{request: r, route: route, aborted: true}
			defer func() {
				o.status, o.sent = answered(r.Context())
				s.work.close(time.Now(), o.isFailure(), &o)
			}()
			if t.options.ServerTiming {
				w = &timed{ResponseWriter: w, timing: &s.work.timing, request: r, span: s.context}
			}
			next.ServeHTTP(w, r.WithContext(ctx))
			o.aborted = false
		})
	}
}

// nameOf returns the name of the span of a request and its route.
func nameOf(r *http.Request) (name, route string) {
	method := "HTTP"
	if request.IsMethod(r.Method) {
		method = r.Method
	}
	switch route = request.Route(r.Pattern); {
	case route == "":
		return method, ""
	case strings.HasPrefix(r.Pattern, method+" "):
		return r.Pattern, route // without a copy
	}
	return method + " " + route, route
}

// outcome is how a request ended.
type outcome struct {
	request *http.Request
	route   string
	status  int // 0 if no header was sent
	sent    int64
	aborted bool
}

func (o *outcome) isFailure() bool { return o.status >= http.StatusInternalServerError }

// describe sets what is known of a request at its end. The query of its URL is left out, because people put secrets there.
func (o *outcome) describe(s *span) {
	r, status, method := o.request, o.status, o.request.Method
	if status == 0 && !o.aborted {
		status = http.StatusOK // net/http sends it for a handler that wrote nothing
	}
	if !request.IsMethod(method) {
		s.attributes = append(s.attributes, attribute.String("http.request.method_original", request.Clip(method, maxName)))
		method = "_OTHER"
	}
	s.attributes = append(s.attributes,
		attribute.String("http.request.method", method), attribute.String("url.path", request.Clip(r.URL.Path, maxName)),
		attribute.String("network.protocol.version", version(r)),
		attribute.Int64("http.response.body.size", o.sent),
	)
	if o.route != "" {
		s.attributes = append(s.attributes, attribute.String("http.route", o.route))
	}
	if status != 0 {
		s.attributes = append(s.attributes, attribute.Int("http.response.status_code", status))
	}
	if agent := r.UserAgent(); agent != "" {
		s.attributes = append(s.attributes, attribute.String("user_agent.original", request.Clip(agent, maxName)))
	}
	if info := request.From(r.Context()); info != nil {
		s.attributes = append(s.attributes, attribute.String("krowoc.request_id", info.ID), attribute.String("krowoc.correlation_id", info.Correlation))
	}
	switch {
	case o.isFailure():
		s.cause = strconv.Itoa(status)
	case o.aborted:
		s.cause = "aborted"
	}
}

func version(r *http.Request) string {
	if r.ProtoMajor == 1 && r.ProtoMinor == 1 {
		return "1.1"
	}
	return strconv.Itoa(r.ProtoMajor)
}
