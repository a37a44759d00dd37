package tracing

import (
	"sync"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// work is what this process does for one request: a span whose parent is elsewhere, and all below it.
type work struct {
	tracing *Tracing
	root    *span        // nil if the SDK made it
	rootID  trace.SpanID // of the SDK's
	timing  timing

	mu     sync.Mutex
	usual  [usualSpans]span // most requests need no more
	used   int
	spans  []sdk.ReadOnlySpan // that have ended, if their request does not decide before its end
	lost   int
	failed bool
	ended  bool
	sent   bool
}

// usualSpans are those of a request: itself, its operation and a statement.
const usualSpans = 3

func (t *Tracing) newWork() *work { return &work{tracing: t} }

// span returns room for a span.
func (w *work) span() *span {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &span{}
	if w.used < usualSpans {
		s = &w.usual[w.used]
		w.used++
	}
	s.work, s.sql.rows = w, -1
	return s
}

// add ends a span below the first.
func (w *work) add(s *span, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.end = at
	w.failed = w.failed || (s.failed && s.kind != trace.SpanKindClient)
	if s.context.IsSampled() {
		w.describe(s)
		w.tracing.queue.add(&view{of: s})
		return
	}
	w.keep(&view{of: s})
}

// keep holds a span until the request ends. The caller holds the lock.
func (w *work) keep(s sdk.ReadOnlySpan) {
	tail := w.tracing.tail
	switch {
	case w.ended && w.sent:
		w.send(s)
	case w.ended:
	case tail.held.Load() >= tail.most:
		w.lost++
	default:
		tail.held.Add(1)
		w.spans = append(w.spans, s)
	}
}

func (w *work) send(s sdk.ReadOnlySpan) {
	if v, ok := s.(*view); ok {
		w.describe(v.of)
	}
	w.tracing.queue.add(s)
}

// describe sets the attributes of an operation, which must not be kept longer than its request.
func (*work) describe(s *span) {
	if s.operation != nil {
		describe(s, s.operation)
		s.operation = nil
	}
}

// describer sets the attributes of the first span of a work, if it is sent.
type describer interface{ describe(s *span) }

// close ends the first span, and sends or forgets all.
func (w *work) close(at time.Time, failed bool, d describer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.root
	s.failed = s.failed || failed
	if isSlow := at.Sub(s.start) >= w.tracing.options.Slow; !s.context.IsSampled() && !isSlow && !w.failed && !s.failed {
		s.end = at
		w.decide(false, nil)
		return
	}
	if d != nil {
		d.describe(s)
	}
	s.end = at
	w.describe(s)
	w.decide(true, &view{of: s})
}

// decide sends or forgets the spans that wait for the end of their request. The caller holds the lock.
func (w *work) decide(sent bool, root sdk.ReadOnlySpan) {
	w.ended, w.sent = true, sent
	w.tracing.tail.held.Add(-int64(len(w.spans)))
	if sent {
		for _, s := range w.spans {
			w.send(s)
		}
		w.tracing.queue.add(root)
		w.tracing.queue.lose(w.lost)
	}
	w.spans = nil
}
