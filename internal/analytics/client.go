package analytics

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// library names what sends events.
const library = "krowoc"

// Options configure a Client. Sender and Logger are required; zero values of the others take the defaults.
type Options struct {
	Sender     Sender
	Logger     *slog.Logger
	Now        func() time.Time // default time.Now
	Properties map[string]any   // of every event, unless it has its own

	Queue      int           // events that wait in memory; default 10,000
	Batch      int           // events of a request; default 100
	BatchBytes int           // of a request before compression; default 1 MiB
	Every      time.Duration // how long an event waits for others; default 3 s
	Retries    int           // of a request that failed; default 3, negative for none
	Backoff    time.Duration // before the first retry, doubled for each further one; default 500 ms
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, v := range []struct {
		value *int
		usual int
	}{{&o.Queue, 10_000}, {&o.Batch, 100}, {&o.BatchBytes, 1 << 20}, {&o.Retries, 3}} {
		if *v.value == 0 {
			*v.value = v.usual
		}
	}
	if o.Every == 0 {
		o.Every = 3 * time.Second
	}
	if o.Backoff == 0 {
		o.Backoff = 500 * time.Millisecond
	}
	return o
}

// maxBackoff limits how long a retry waits, unless PostHog names a time.
const maxBackoff = 10 * time.Second

// Client sends events in the background. A nil Client captures nothing.
type Client struct {
	o       Options
	queue   chan Event
	flushes chan chan struct{}
	counts  counts

	stopping  chan struct{} // closed by Stop
	stopOnce  sync.Once
	started   atomic.Bool
	ended     chan struct{}
	ctx       context.Context //nolint:containedctx // of requests in the background; ends when Stop has no time left
	cancelAll context.CancelFunc
}

// New returns a client, which sends after Start.
func New(o Options) (*Client, error) {
	if o.Sender == nil || o.Logger == nil {
		return nil, fault.New(fault.Invalid, "send events", "Sender and Logger are required")
	}
	o = o.withDefaults()
	c := &Client{o: o, queue: make(chan Event, o.Queue), flushes: make(chan chan struct{}), stopping: make(chan struct{}), ended: make(chan struct{})}
	c.counts.logger, c.counts.now = o.Logger, o.Now
	c.ctx, c.cancelAll = context.WithCancel(context.Background())
	return c, nil
}

// Start begins to send.
func (c *Client) Start() {
	if c.started.CompareAndSwap(false, true) {
		go c.run()
	}
}

// Capture adds an event to the queue. It never waits: an event for which the queue has no place is dropped and counted.
func (c *Client) Capture(e Event) {
	if c == nil {
		return
	}
	if e.Time.IsZero() {
		e.Time = c.o.Now()
	}
	if c.isStopping() {
		c.counts.lose(1, errStopped)
		return
	}
	select {
	case c.queue <- e:
	default:
		c.counts.lose(1, errFull)
	}
}

var (
	errStopped = errors.New("the server is stopping")
	errFull    = errors.New("the queue is full")
)

func (c *Client) isStopping() bool {
	select {
	case <-c.stopping:
		return true
	default:
		return false
	}
}

// Flush sends what is in the queue, and returns when every attempt for it has been made.
func (c *Client) Flush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case c.flushes <- done:
	case <-c.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop sends what is in the queue, with one attempt each, until ctx ends. What is left is counted.
func (c *Client) Stop(ctx context.Context) error {
	c.stopOnce.Do(func() { close(c.stopping) })
	if !c.started.Load() {
		c.cancelAll()
		return nil
	}
	var err error
	select {
	case <-c.ended:
	case <-ctx.Done():
		c.cancelAll()
		<-c.ended
		err = fault.Wrap("send the last events", ctx.Err())
	}
	c.cancelAll()
	c.counts.lose(len(c.queue), errStopped)
	return err
}

// run sends batches until the client stops.
func (c *Client) run() {
	defer close(c.ended)
	for {
		batch, flushed := c.collect()
		c.deliver(batch)
		for flushed != nil && len(c.queue) > 0 {
			more := c.gather(nil, 0)
			c.deliver(more)
		}
		if flushed != nil {
			close(flushed)
		}
		emptied := c.isStopping() && len(c.queue) == 0
		if emptied || c.ctx.Err() != nil {
			return
		}
	}
}

// collect waits for a batch: until it is full, its first event has waited long enough, or somebody asks for it.
func (c *Client) collect() (batch []Record, flushed chan struct{}) {
	var size int
	var late <-chan time.Time
	for {
		select {
		case e := <-c.queue:
			if batch, size = c.add(batch, size, e); late == nil {
				timer := time.NewTimer(c.o.Every)
				defer timer.Stop()
				late = timer.C
			}
			if c.full(batch, size) {
				return batch, nil
			}
		case <-late:
			return batch, nil
		case flushed = <-c.flushes:
			batch = c.gather(batch, size)
			return batch, flushed
		case <-c.stopping:
			batch = c.gather(batch, size)
			return batch, nil
		}
	}
}

func (c *Client) full(batch []Record, size int) bool {
	return len(batch) >= c.o.Batch || size >= c.o.BatchBytes
}

// gather adds to a batch what is in the queue.
func (c *Client) gather(batch []Record, size int) []Record {
	for !c.full(batch, size) {
		select {
		case e := <-c.queue:
			batch, size = c.add(batch, size, e)
		default:
			return batch
		}
	}
	return batch
}

func (c *Client) add(batch []Record, size int, e Event) ([]Record, int) {
	r, err := encode(e, c.o.Properties)
	if err != nil {
		c.counts.lose(1, err)
		return batch, size
	}
	return append(batch, r), size + len(r.JSON)
}

// deliver sends a batch, with retries, and counts what is lost.
func (c *Client) deliver(batch []Record) {
	for attempt := 0; len(batch) > 0; attempt++ {
		fates, err := c.o.Sender.Send(c.ctx, batch)
		batch = c.counts.settle(batch, fates, err)
		var delay *Delay
		denied := errors.As(err, &delay) && delay.Denied
		if denied || attempt >= c.o.Retries || c.isStopping() {
			c.counts.lose(len(batch), err)
			return
		}
		if len(batch) > 0 {
			c.wait(backoff(c.o.Backoff, maxBackoff, attempt, delay))
		}
	}
}

// backoff returns how long to wait before the next attempt: what PostHog asks for, or twice as long as before, less up to a half.
func backoff(first, most time.Duration, attempt int, delay *Delay) time.Duration {
	if delay != nil && delay.After > 0 {
		return delay.After
	}
	d := min(first<<min(attempt, 20), most)
	return d/2 + rand.N(d/2+1) //nolint:gosec // spreads retries
}

// wait waits, unless the client stops.
func (c *Client) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.stopping:
	}
}
