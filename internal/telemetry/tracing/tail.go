package tracing

import (
	"context"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// tail takes the spans that other parts of the program make with the SDK. They wait for the end of their request, as our own do. Spans of
// chosen requests are sent as they end.
type tail struct {
	tracing *Tracing
	most    int64        // spans that are held
	held    atomic.Int64 // by all requests together

	mu      sync.Mutex
	running map[trace.SpanID]*work
}

// OnStart implements sdk.SpanProcessor.
func (t *tail) OnStart(ctx context.Context, s sdk.ReadWriteSpan) {
	if s.SpanContext().IsSampled() {
		return
	}
	id, parent := s.SpanContext().SpanID(), s.Parent()
	t.mu.Lock()
	defer t.mu.Unlock()
	if int64(len(t.running)) >= t.most {
		t.tracing.queue.lose(1)
		return
	}
	w := t.running[parent.SpanID()]
	if above := spanOf(ctx); above != nil {
		w = above.work
	}
	if w == nil || parent.IsRemote() { // the parent is elsewhere, or has ended
		w = &work{tracing: t.tracing, rootID: id}
	}
	t.running[id] = w
}

// OnEnd implements sdk.SpanProcessor.
func (t *tail) OnEnd(s sdk.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		t.tracing.queue.add(s)
		return
	}
	id := s.SpanContext().SpanID()
	t.mu.Lock()
	w := t.running[id]
	delete(t.running, id)
	t.mu.Unlock()
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = w.failed || isFailure(s)
	if id == w.rootID {
		isSlow := s.EndTime().Sub(s.StartTime()) >= t.tracing.options.Slow
		w.decide(w.failed || isSlow, s)
		return
	}
	w.keep(s)
}

// isFailure reports whether a span makes its request one that has failed. Errors of statements and of other services count only if they
// are a fault of the whole: a client can cause them, too.
func isFailure(s sdk.ReadOnlySpan) bool {
	return s.Status().Code == codes.Error && s.SpanKind() != trace.SpanKindClient
}

// Shutdown implements sdk.SpanProcessor.
func (*tail) Shutdown(context.Context) error { return nil }

// ForceFlush implements sdk.SpanProcessor.
func (*tail) ForceFlush(context.Context) error { return nil }
