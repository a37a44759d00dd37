package tracing

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// tail holds the spans of a request that chance did not choose until the request ends. If it then has failed or was slow, they are sent,
// otherwise forgotten. Spans of chosen requests are sent as they end.
type tail struct {
	slow  time.Duration
	most  int64 // spans that are held, or run
	send  func(sdk.ReadOnlySpan)
	lose  func(spans int)
	count atomic.Int64
	parts [64]shard
}

// shard is a part of the running spans, by span ID.
type shard struct {
	mu      sync.Mutex
	running map[trace.SpanID]*local
}

// local is what this process does for one request: a span whose parent is elsewhere, and all below it.
type local struct {
	root trace.SpanID

	mu     sync.Mutex
	spans  []sdk.ReadOnlySpan
	lost   int
	failed bool
	ended  bool
	sent   bool
}

func newTail(o Options, send func(sdk.ReadOnlySpan), lose func(spans int)) *tail {
	t := &tail{slow: o.Slow, most: int64(o.Held), send: send, lose: lose}
	for i := range t.parts {
		t.parts[i].running = map[trace.SpanID]*local{}
	}
	return t
}

func (t *tail) shard(id trace.SpanID) *shard { return &t.parts[id[7]%64] }

// OnStart implements sdk.SpanProcessor.
func (t *tail) OnStart(_ context.Context, s sdk.ReadWriteSpan) {
	if s.SpanContext().IsSampled() {
		return
	}
	id, parent := s.SpanContext().SpanID(), s.Parent()
	var r *local
	if parent.IsValid() && !parent.IsRemote() {
		above := t.shard(parent.SpanID())
		above.mu.Lock()
		r = above.running[parent.SpanID()]
		above.mu.Unlock()
	}
	if r == nil { // the parent is elsewhere, or has ended
		r = &local{root: id}
	}
	t.count.Add(1)
	own := t.shard(id)
	own.mu.Lock()
	own.running[id] = r
	own.mu.Unlock()
}

// OnEnd implements sdk.SpanProcessor.
func (t *tail) OnEnd(s sdk.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		t.send(s)
		return
	}
	id := s.SpanContext().SpanID()
	own := t.shard(id)
	own.mu.Lock()
	r := own.running[id]
	delete(own.running, id)
	own.mu.Unlock()
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = r.failed || isFailure(s)
	switch {
	case id == r.root:
		t.decide(r, s)
	case r.ended: // it outlived its request
		t.count.Add(-1)
		if r.sent {
			t.send(s)
		}
	case t.count.Load() > t.most:
		t.count.Add(-1)
		r.lost++
	default:
		r.spans = append(r.spans, s)
	}
}

// decide sends or forgets the spans of a request whose first span has ended. The caller holds the lock.
func (t *tail) decide(r *local, root sdk.ReadOnlySpan) {
	r.ended = true
	r.sent = r.failed || root.EndTime().Sub(root.StartTime()) >= t.slow
	if r.sent {
		for _, s := range r.spans {
			t.send(s)
		}
		t.send(root)
		if r.lost > 0 {
			t.lose(r.lost)
		}
	}
	t.count.Add(-int64(len(r.spans)) - 1)
	r.spans = nil
}

// keeps reports whether a request that ends now will be sent, as far as its first span does not say itself that it failed. That span can do
// without attributes otherwise.
func (t *tail) keeps(root trace.SpanContext, took time.Duration) bool {
	if root.IsSampled() || took >= t.slow {
		return true
	}
	own := t.shard(root.SpanID())
	own.mu.Lock()
	r := own.running[root.SpanID()]
	own.mu.Unlock()
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
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
