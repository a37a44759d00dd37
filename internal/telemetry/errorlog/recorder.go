package errorlog

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph/exec"
	"github.com/krowoc/krowoc/internal/request"
)

const (
	queueSize    = 1024
	flushEvery   = time.Second
	writeTimeout = 5 * time.Second
	maxBackoff   = time.Minute      // between attempts while the database cannot be written
	tidyEvery    = 10 * time.Minute // as long as errors occur
)

// Options configure a Recorder.
type Options struct {
	DB                   DB
	Logger               *slog.Logger
	Release, Environment string
	Now                  func() time.Time // nil is time.Now
	Wrote                func()           // is called after errors were written; it must not block. It may be nil
}

// Recorder adds errors to the list. Record takes a moment and never waits: errors are aggregated in the background and written about once a
// second. Memory is bounded, and what has no room is counted. A nil Recorder records nothing.
type Recorder struct {
	Options
	queue chan Event
	lost  atomic.Int64 // since the start

	started atomic.Bool
	stop    chan context.Context
	done    chan struct{}
	once    sync.Once
	status  status
}

// New returns a recorder that records once it is started.
func New(o Options) *Recorder {
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Recorder{Options: o, queue: make(chan Event, queueSize), stop: make(chan context.Context, 1), done: make(chan struct{})}
}

// Record adds an event that happened in a context.
func (r *Recorder) Record(ctx context.Context, e Event) {
	if r == nil {
		return
	}
	e.identify(ctx)
	e.Message, e.Stack = clip(e.Message, 2*maxMessage), clip(e.Stack, 2*maxStack)
	e.Time = r.Now()
	select {
	case r.queue <- e:
	default:
		r.lost.Add(1)
	}
}

// FailedRequest records a request that has failed. The route is "" if none matches; err is nil if the handler gave no reason.
func (r *Recorder) FailedRequest(ctx context.Context, route string, status int, err error) {
	e := Event{Edge: HTTP, Place: cmp.Or(route, "no route"), Err: err}
	if err == nil {
		e.Category, e.Message = categoryOfStatus(status), "no reason is known"
	}
	r.Record(ctx, e)
}

// Name implements exec.Observer.
func (r *Recorder) Name() string { return "errors" }

// Settle implements exec.Observer: it records an operation that has failed.
func (r *Recorder) Settle(ctx context.Context, op *exec.Operation) {
	if op.Err == nil {
		return
	}
	request.From(ctx).NoteFailure()
	place := op.Fields()
	if place == "" {
		place = "document"
	}
	r.Record(ctx, Event{Edge: GraphQL, Place: place, Operation: op.Name, Err: op.Err})
}

// Start begins to aggregate and write.
func (r *Recorder) Start(context.Context) error {
	if r == nil {
		return nil
	}
	if !r.started.Swap(true) {
		go r.run()
	}
	return nil
}

// Stop writes what is left. It gives up when ctx ends.
func (r *Recorder) Stop(ctx context.Context) error {
	if r == nil || !r.started.Load() {
		return nil
	}
	r.once.Do(func() { r.stop <- ctx })
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return fault.Wrap("write the last errors", ctx.Err())
	}
}

// outcome is that of an attempt to write.
type outcome struct {
	batch aggregates
	isNew bool
	err   error
}

// run is the loop in the background. One attempt to write runs at a time, beside the loop, so that a slow database does not keep events
// from being aggregated.
func (r *Recorder) run() {
	defer close(r.done)
	w := writer{Recorder: r, pending: aggregates{}, outcomes: make(chan outcome, 1), tidied: r.Now()}
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case e := <-r.queue:
			w.take(&e)
		case <-tick.C:
			w.begin()
		case o := <-w.outcomes:
			w.end(o)
		case ctx := <-r.stop:
			w.finish(ctx)
			return
		}
	}
}

// writer is the state of the loop.
type writer struct {
	*Recorder
	pending   aggregates
	noted     int64 // how many lost errors are in pending or written
	inFlight  bool
	outcomes  chan outcome
	notBefore time.Time // the next attempt
	backoff   time.Duration
	tidied    time.Time
}

// take aggregates an event. An error whose methods panic, such as a nil pointer in an interface, is lost, and the loop goes on.
func (w *writer) take(e *Event) {
	defer func() {
		if value := recover(); value != nil {
			w.lost.Add(1)
			w.Logger.Warn("an error could not be recorded, because its type panics", "type", fmt.Sprintf("%T", e.Err), "place", e.Place, "panic", fmt.Sprint(value))
		}
	}()
	k, stack := kindOf(e)
	if k.category == "" {
		return
	}
	s := Sample{
		Time: e.Time.UTC(), Release: release(e.Release, w.Release), Environment: w.Environment, Operation: name(e.Operation), Page: pagePath(e.Page),
		RequestID: e.RequestID, CorrelationID: e.CorrelationID, TraceID: e.TraceID, Stack: storable(stack),
	}
	if !w.pending.add(k.fingerprint(), k, s, fromClient(k.edge, k.category)) {
		w.lost.Add(1)
	}
}

// begin starts an attempt to write, unless one is running or there is nothing to write.
func (w *writer) begin() {
	w.noteLost()
	if w.inFlight || len(w.pending) == 0 || w.Now().Before(w.notBefore) {
		return
	}
	batch := w.pending
	w.pending, w.inFlight = aggregates{}, true
	all := w.Now().Sub(w.tidied) >= tidyEvery
	if all {
		w.tidied = w.Now()
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
		defer cancel()
		w.outcomes <- w.attempt(ctx, batch, all)
	}()
}

func (w *writer) attempt(ctx context.Context, batch aggregates, all bool) outcome {
	isNew, err := batch.write(ctx, w.DB)
	if err == nil && (isNew || all) {
		if tidyErr := tidy(ctx, w.DB, all); tidyErr != nil {
			w.Logger.Warn("the list of errors could not be tidied", "error", tidyErr)
		}
	}
	return outcome{batch, isNew, err}
}

// end takes the outcome of an attempt. What could not be written waits for the next one.
func (w *writer) end(o outcome) {
	w.inFlight = false
	w.status.wrote(o.err, w.Now())
	if o.err == nil {
		w.backoff = 0
		if w.Wrote != nil {
			w.Wrote()
		}
		return
	}
	w.lost.Add(w.pending.merge(o.batch))
	if w.backoff == 0 {
		w.Logger.Warn("errors cannot be recorded: "+o.err.Error(), "fix", fault.HintOf(o.err))
	}
	w.backoff = min(max(2*w.backoff, flushEvery), maxBackoff)
	w.notBefore = w.Now().Add(w.backoff)
}

// noteLost makes the errors that were lost an error of their own.
func (w *writer) noteLost() {
	lost := w.lost.Load()
	if lost == w.noted {
		return
	}
	now := w.Now()
	w.status.lose(now)
	k := kind{category: fault.Internal, edge: recorder, place: "list of errors", message: "errors were not recorded, because there were too many or they could not be read"}
	s := Sample{Time: now.UTC(), Release: w.Release, Environment: w.Environment}
	fingerprint := k.fingerprint()
	if w.pending[fingerprint] == nil {
		w.pending[fingerprint] = &aggregate{kind: k, first: now, last: now, firstRelease: w.Release, lastRelease: w.Release, minutes: map[time.Time]int64{}, samples: []Sample{s}}
	}
	g := w.pending[fingerprint]
	g.count(now, lost-w.noted)
	g.see(now, w.Release)
	w.noted = lost
}

// finish writes what is left once the last event is known.
func (w *writer) finish(ctx context.Context) {
	if w.inFlight {
		w.end(<-w.outcomes)
	}
	for range len(w.queue) {
		e := <-w.queue
		w.take(&e)
	}
	w.noteLost()
	if len(w.pending) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if o := w.attempt(ctx, w.pending, false); o.err != nil {
		w.Logger.Warn("the last errors were not recorded", "error", o.err)
	}
}
