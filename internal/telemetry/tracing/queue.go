package tracing

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/krowoc/krowoc/internal/telemetry/otlp"
)

const (
	batchSize   = 512 // spans of one request to the collector
	sendTimeout = 10 * time.Second
	minPause    = time.Second // before the next attempt
	maxPause    = 30 * time.Second
)

// queue sends spans in batches, one request at a time. Its methods never block.
type queue struct {
	exporter sdk.SpanExporter
	to       *collector
	delay    time.Duration
	log      *slog.Logger

	spans    chan sdk.ReadOnlySpan
	exported atomic.Uint64
	dropped  atomic.Uint64
	full     atomic.Bool // the last span found no room

	mu       sync.Mutex
	running  bool
	stopped  atomic.Bool
	stopping context.CancelFunc // ends waiting and pauses
	patience context.CancelFunc // ends requests
	done     chan struct{}

	away   atomic.Bool // the last attempt failed
	lost   uint64      // before it
	choosy bool        // the last batch was refused in part
}

func newQueue(e sdk.SpanExporter, to *collector, o Options) *queue {
	return &queue{exporter: e, to: to, delay: o.Delay, log: o.Logger, spans: make(chan sdk.ReadOnlySpan, o.Queue)}
}

// add queues a span, or counts it as lost if there is no room.
func (q *queue) add(s sdk.ReadOnlySpan) {
	if q.stopped.Load() {
		q.lose(1)
		return
	}
	select {
	case q.spans <- s:
		if q.full.Load() {
			q.full.Store(false)
		}
	default:
		q.lose(1)
		if q.full.CompareAndSwap(false, true) {
			q.log.Warn("spans of traces are lost, because too many wait for the collector", "waiting", len(q.spans), "lost", q.dropped.Load())
		}
	}
}

func (q *queue) lose(n int) { q.dropped.Add(uint64(n)) }

func (q *queue) start() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running || q.stopped.Load() {
		return
	}
	q.running, q.done = true, make(chan struct{})
	var working, sending context.Context
	working, q.stopping = context.WithCancel(context.Background())
	sending, q.patience = context.WithCancel(context.Background())
	go func() {
		defer close(q.done)
		q.work(working, sending)
	}()
}

// stop sends what waits until ctx ends.
func (q *queue) stop(ctx context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped.Store(true)
	if !q.running {
		return
	}
	q.running = false
	q.stopping()
	select {
	case <-q.done:
	case <-ctx.Done():
	}
	q.patience()
	<-q.done
	q.to.close()
	if rest := len(q.spans); rest > 0 {
		q.lose(rest)
		q.log.Warn("traces were not sent before the end", "spans", rest)
	}
}

// work sends batches until the working context ends, then once more what waits.
func (q *queue) work(working, sending context.Context) {
	tick := time.NewTicker(q.delay)
	defer tick.Stop()
	batch := make([]sdk.ReadOnlySpan, 0, batchSize)
	for working.Err() == nil {
		select {
		case s := <-q.spans:
			batch = append(batch, s)
			if len(batch) < batchSize {
				continue
			}
		case <-tick.C:
		case <-working.Done():
		}
		if len(batch) > 0 && working.Err() == nil {
			q.sendUntil(working, sending, batch)
			clear(batch)
			batch = batch[:0]
		}
	}
	for sending.Err() == nil {
		batch = q.fill(batch)
		if len(batch) == 0 {
			return
		}
		if err := q.attempt(sending, batch); err != nil {
			q.lose(len(batch))
			q.log.Warn("traces were not sent before the end", "spans", len(batch), "error", err)
			return
		}
		batch = batch[:0]
	}
	q.lose(len(batch))
}

// fill adds spans that wait to a batch.
func (q *queue) fill(batch []sdk.ReadOnlySpan) []sdk.ReadOnlySpan {
	for len(batch) < batchSize {
		select {
		case s := <-q.spans:
			batch = append(batch, s)
		default:
			return batch
		}
	}
	return batch
}

// sendUntil sends a batch, and again if the collector does not answer, until working ends. What is left then is sent with the rest.
func (q *queue) sendUntil(working, sending context.Context, batch []sdk.ReadOnlySpan) {
	pause := minPause
	for {
		err := q.attempt(sending, batch)
		switch {
		case err == nil:
			q.back()
			return
		case isFinal(err):
			q.lose(len(batch))
			q.report(err)
			return
		}
		q.report(err)
		if refused := (*refusal)(nil); errors.As(err, &refused) {
			pause = max(pause, min(refused.after, maxPause))
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-working.Done():
			timer.Stop()
			q.last(sending, batch)
			return
		}
		pause = min(2*pause, maxPause)
	}
}

// last tries a batch once more before the end.
func (q *queue) last(sending context.Context, batch []sdk.ReadOnlySpan) {
	if err := q.attempt(sending, batch); err != nil {
		q.lose(len(batch))
		q.log.Warn("traces were not sent before the end", "spans", len(batch), "error", err)
	}
}

func (q *queue) attempt(ctx context.Context, batch []sdk.ReadOnlySpan) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	clean := make([]sdk.ReadOnlySpan, len(batch))
	for i, s := range batch {
		clean[i] = q.to.clean.span(s)
	}
	err := q.exporter.ExportSpans(ctx, clean)
	var part *partial
	if errors.As(err, &part) {
		rejected := min(part.rejected, uint64(len(batch)))
		q.dropped.Add(rejected)
		q.exported.Add(uint64(len(batch)) - rejected)
		if !q.choosy {
			q.choosy = true
			q.log.Warn("the collector refuses some spans of traces", "collector", q.to.host(), "spans", rejected, "error", part)
		}
		return nil
	}
	if err == nil {
		q.choosy = false
		q.exported.Add(uint64(len(batch)))
	}
	return err
}

// report logs that the collector does not take spans, once until it does again.
func (q *queue) report(err error) {
	if q.away.CompareAndSwap(false, true) {
		q.lost = q.dropped.Load()
		q.log.Warn("traces cannot be sent", "collector", q.to.host(), "error", otlp.Cause(err))
	}
}

func (q *queue) back() {
	if q.away.CompareAndSwap(true, false) {
		q.log.Info("traces are sent again", "collector", q.to.host(), "lost", q.dropped.Load()-q.lost)
	}
}
