package tracing

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"

	"github.com/krowoc/krowoc/internal/graph/exec"
)

// span is a span of a request, an operation or a statement. Most are forgotten when their request ends, so that a span is a part of the memory
// of its request, and gets its attributes only if it is sent. The spans of OpenTelemetry's SDK cost several times as much.
//
// A span can be used as a trace.Span, for example to add attributes to that of the current request.
type span struct {
	embedded.Span

	work    *work
	name    string
	kind    trace.SpanKind
	context trace.SpanContext
	parent  trace.SpanContext
	start   time.Time
	end     time.Time

	failed     bool
	cause      string // what kind of error there was
	attributes []attribute.KeyValue

	operation *exec.Operation // until it is described
	sql       statementOf
}

// statementOf is what the span of a statement is about.
type statementOf struct {
	text     string
	prepares bool
	rows     int64     // -1 if they are not known
	last     time.Time // in a batch: the end of the statement before
}

// spanOf returns the span of ctx, or nil if it is none of ours.
func spanOf(ctx context.Context) *span {
	s, _ := trace.SpanFromContext(ctx).(*span)
	return s
}

// begin begins a span, below that of ctx if it has one.
func (t *Tracing) begin(ctx context.Context, name string, kind trace.SpanKind, at time.Time) (context.Context, *span) {
	var s *span
	if above := spanOf(ctx); above != nil {
		s = above.work.span()
		s.parent = above.context
	} else {
		s = t.newWork().span()
		s.parent = trace.SpanContextFromContext(ctx)
	}
	s.name, s.kind, s.start = name, kind, at
	s.context = t.contextBelow(s.parent)
	if s.work.root == nil {
		s.work.root = s
	}
	return trace.ContextWithSpan(ctx, s), s
}

// contextBelow returns the identity of a new span.
func (t *Tracing) contextBelow(parent trace.SpanContext) trace.SpanContext {
	c := trace.SpanContextConfig{TraceID: parent.TraceID(), TraceFlags: parent.TraceFlags() &^ trace.FlagsSampled, TraceState: parent.TraceState()}
	if !c.TraceID.IsValid() {
		binary.NativeEndian.PutUint64(c.TraceID[:8], randomID())
		binary.NativeEndian.PutUint64(c.TraceID[8:], randomID())
	}
	binary.NativeEndian.PutUint64(c.SpanID[:], randomID())
	if t.sampler.sampled(parent) {
		c.TraceFlags |= trace.FlagsSampled
	}
	return trace.NewSpanContext(c)
}

// randomID returns a number that is not 0, which would not be valid.
func randomID() uint64 {
	for {
		if id := rand.Uint64(); id != 0 { //nolint:gosec // nobody gains from guessing it
			return id
		}
	}
}

// finish ends a span.
func (s *span) finish(at time.Time) {
	if s == s.work.root {
		s.work.close(at, false, nil)
		return
	}
	s.work.add(s, at)
}

// End implements trace.Span. The part of the program that began the span ends it otherwise.
func (s *span) End(...trace.SpanEndOption) {}

// AddEvent implements trace.Span. Events are not kept.
func (s *span) AddEvent(string, ...trace.EventOption) {}

// AddLink implements trace.Span. Links are not kept.
func (s *span) AddLink(trace.Link) {}

// RecordError implements trace.Span. The text of an error can have values.
func (s *span) RecordError(error, ...trace.EventOption) {}

// IsRecording implements trace.Span.
func (s *span) IsRecording() bool { return true }

// SpanContext implements trace.Span.
func (s *span) SpanContext() trace.SpanContext { return s.context }

// SetStatus implements trace.Span.
func (s *span) SetStatus(code codes.Code, _ string) {
	s.work.mu.Lock()
	defer s.work.mu.Unlock()
	if s.end.IsZero() {
		s.failed = code == codes.Error
	}
}

// SetName implements trace.Span.
func (s *span) SetName(name string) {
	s.work.mu.Lock()
	defer s.work.mu.Unlock()
	if s.end.IsZero() {
		s.name = name
	}
}

// SetAttributes implements trace.Span.
func (s *span) SetAttributes(list ...attribute.KeyValue) {
	s.work.mu.Lock()
	defer s.work.mu.Unlock()
	if s.end.IsZero() && len(s.attributes) < maxAttributes {
		s.attributes = append(s.attributes, list...)
	}
}

// TracerProvider implements trace.Span.
func (s *span) TracerProvider() trace.TracerProvider { return s.work.tracing.provider }

var (
	_ trace.Span       = (*span)(nil)
	_ sdk.ReadOnlySpan = (*view)(nil)
)
