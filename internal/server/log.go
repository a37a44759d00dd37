package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/request"
)

// LogRequestID returns a handler that adds the IDs of the request and of the trace, the caller and the operation to every record whose
// context belongs to a request, and hands it to next. Wrap the whole program's logger in it, and what the database layer logs can be
// found by the id that a client quotes.
func LogRequestID(next slog.Handler) slog.Handler {
	if known, ok := next.(idHandler); ok {
		return known
	}
	return idHandler{next}
}

type idHandler struct{ slog.Handler }

func (h idHandler) Handle(ctx context.Context, record slog.Record) error {
	if info := request.From(ctx); info != nil {
		record.AddAttrs(slog.String(request.FieldRequestID, info.ID), slog.String(request.FieldCorrelationID, info.Correlation))
		if name := info.Operation(); name != "" {
			record.AddAttrs(slog.String(request.FieldOperation, clipped(name)))
		}
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.AddAttrs(slog.String(request.FieldTraceID, span.TraceID().String()), slog.String(request.FieldSpanID, span.SpanID().String()))
	}
	addCaller(&record, caller.From(ctx))
	return h.Handler.Handle(ctx, record)
}

// addCaller adds who sent the request, unless the record is about a user itself. The ID of a key is not secret.
func addCaller(record *slog.Record, who caller.Caller) {
	if who.UID != "" && !has(record, request.FieldUID) {
		record.AddAttrs(slog.String(request.FieldUID, clipped(who.UID)))
	}
	if who.Key != "" {
		record.AddAttrs(slog.String(request.FieldKey, who.Key))
	}
	if who.Service {
		record.AddAttrs(slog.Bool(request.FieldService, true))
	}
}

func has(record *slog.Record, name string) (found bool) {
	record.Attrs(func(a slog.Attr) bool {
		found = a.Key == name
		return !found
	})
	return found
}

func (h idHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return idHandler{h.Handler.WithAttrs(attrs)}
}

func (h idHandler) WithGroup(name string) slog.Handler { return idHandler{h.Handler.WithGroup(name)} }

// logAccess writes the access log's line. The query is left out, because people put secrets there, and so is the
// token: the caller's uid stands for it.
func (s *Server) logAccess(ctx context.Context, w *response, took time.Duration, aborted bool) {
	r, status := w.request, w.status
	if status == 0 && !aborted && !w.hijacked {
		status = http.StatusOK // net/http sends it for a handler that wrote nothing
	}
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs,
		slog.String(request.FieldMethod, clipped(r.Method)),
		slog.String(request.FieldPath, clipped(r.URL.Path)),
		slog.Int(request.FieldStatus, status),
		slog.Int64(request.FieldBytes, w.bytes),
		slog.Float64(request.FieldDuration, float64(took.Microseconds())/1000),
		slog.String(request.FieldRemote, request.Address(r)),
		slog.String(request.FieldUserAgent, clipped(r.UserAgent())),
	)
	if w.refusal != nil {
		attrs = append(attrs, slog.String(request.FieldRefused, clipped(w.refusal.Error())))
	}
	if aborted {
		attrs = append(attrs, slog.Bool(request.FieldAborted, true))
	}
	s.options.Logger.LogAttrs(caller.With(ctx, w.caller), accessLevel(aborted, status), "request", attrs...)
}

func accessLevel(aborted bool, status int) slog.Level {
	if aborted || status >= http.StatusInternalServerError {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// maxLogged is how many bytes of a text that the client chose go into the log.
const maxLogged = 256

func clipped(s string) string { return request.Clip(s, maxLogged) }
