package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/request"
)

// LogRequestID returns a handler that adds request_id, correlation_id and operation to every record whose context belongs to a
// request, and trace_id and span_id if it belongs to a span, and hands it to next. Wrap the whole program's logger in it, and what the database layer logs can be found by the id
// that a client quotes.
func LogRequestID(next slog.Handler) slog.Handler {
	if known, ok := next.(idHandler); ok {
		return known
	}
	return idHandler{next}
}

type idHandler struct{ slog.Handler }

func (h idHandler) Handle(ctx context.Context, record slog.Record) error {
	if info := request.From(ctx); info != nil {
		record.AddAttrs(slog.String("request_id", info.ID), slog.String("correlation_id", info.Correlation))
		if name := info.Operation(); name != "" {
			record.AddAttrs(slog.String("operation", clipped(name)))
		}
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

func (h idHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return idHandler{h.Handler.WithAttrs(attrs)}
}

func (h idHandler) WithGroup(name string) slog.Handler { return idHandler{h.Handler.WithGroup(name)} }

// logAccess writes the access log's line. The query is left out, because people put secrets there, and so is the
// token: the caller's uid stands for it.
func (s *Server) logAccess(ctx context.Context, w *response, probe bool, took time.Duration, aborted bool) {
	r, status := w.request, w.status
	if status == 0 && !aborted && !w.hijacked {
		status = http.StatusOK // net/http sends it for a handler that wrote nothing
	}
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		remote = r.RemoteAddr
	}
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs,
		slog.String("method", clipped(r.Method)),
		slog.String("path", clipped(r.URL.Path)),
		slog.Int("status", status),
		slog.Int64("bytes", w.bytes),
		slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("remote", remote),
		slog.String("user_agent", clipped(r.UserAgent())),
	)
	if w.caller.UID != "" {
		attrs = append(attrs, slog.String("uid", clipped(w.caller.UID)))
	}
	if w.caller.Key != "" {
		attrs = append(attrs, slog.String("key", w.caller.Key))
	}
	if w.refusal != nil {
		attrs = append(attrs, slog.String("refused", clipped(w.refusal.Error())))
	}
	if w.caller.Service {
		attrs = append(attrs, slog.Bool("service", true))
	}
	if aborted {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	s.options.Logger.LogAttrs(ctx, accessLevel(probe, aborted, status), "request", attrs...)
}

func accessLevel(probe, aborted bool, status int) slog.Level {
	switch {
	case probe:
		return slog.LevelDebug
	case aborted, status >= http.StatusInternalServerError:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// maxLogged is how many bytes of a text that the client chose go into the log.
const maxLogged = 256

func clipped(s string) string {
	if len(s) > maxLogged {
		s = s[:maxLogged] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
