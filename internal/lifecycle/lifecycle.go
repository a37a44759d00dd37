// Package lifecycle starts the parts of a process in order and stops them in reverse. A group is used once. Start and Stop can be called
// several times and from any goroutine; only the first call has an effect.
package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// DefaultStopTimeout is how long a part without a StopTimeout may take to stop.
const DefaultStopTimeout = 10 * time.Second

// Part is something to start and stop, such as a database server, a pool or a watcher. Each function may be nil. Stop is called once, and
// only if Start succeeded. A Start that fails must clean up by itself.
type Part struct {
	Name string

	// Start returns when the part is ready. Its context applies only to the start and is canceled afterwards.
	Start func(ctx context.Context) error

	// Stop returns when the part has ended. Its context ends after StopTimeout, or when the context of Group.Stop ends. The part must
	// then stop immediately, even if it loses data.
	Stop func(ctx context.Context) error

	// Wait blocks until the part has ended, by itself or by Stop, and returns the reason. A part that ends before Stop is called has
	// died, which ends the group.
	Wait func() error

	// StopTimeout is how long Stop may take; 0 means DefaultStopTimeout.
	StopTimeout time.Duration
}

// Group is an ordered set of parts.
type Group struct {
	parts  []Part
	logger *slog.Logger

	mu          sync.Mutex
	running     []*running
	start, stop *call
	cancelStart context.CancelFunc
	over        chan struct{}
	err         error
}

// running is a started part.
type running struct {
	Part
	ended chan struct{} // closed when Wait has returned
}

// call is an operation that runs once. Several goroutines can wait for its result.
type call struct {
	done chan struct{}
	err  error
}

func newCall() *call { return &call{done: make(chan struct{})} }

func (c *call) finish(err error) error {
	c.err = err
	close(c.done)
	return err
}

func (c *call) wait(ctx context.Context, op string) error {
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return fault.Wrap(op, ctx.Err())
	}
}

// New returns a group of parts that have not been started. A nil logger discards all messages.
func New(logger *slog.Logger, parts ...Part) *Group {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Group{parts: parts, logger: logger, over: make(chan struct{})}
}

// Run starts the group, waits until ctx ends or a part dies, and stops the group. The end of ctx is not an error.
func (g *Group) Run(ctx context.Context) error {
	if err := g.Start(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-g.over:
	}
	stopErr := g.Stop(context.WithoutCancel(ctx))
	if err := g.Err(); err != nil {
		return err // the reason is more important than errors while stopping
	}
	return stopErr
}

// Over returns a channel that is closed when a part has died or Stop was called.
func (g *Group) Over() <-chan struct{} { return g.over }

// Err returns the error of the part that died. It returns nil while the group is running, and after a normal stop.
func (g *Group) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// Start starts the parts in order, each one after the previous one is ready. If a part fails or dies, or ctx ends, it stops the started
// parts and returns the cause.
func (g *Group) Start(ctx context.Context) error {
	g.mu.Lock()
	if c := g.start; c != nil {
		g.mu.Unlock()
		return c.wait(ctx, "wait for the start")
	}
	if g.stop != nil {
		g.mu.Unlock()
		return fault.New(fault.Canceled, "start", "it has already been stopped")
	}
	c := newCall()
	startCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	g.start, g.cancelStart = c, cancel
	g.mu.Unlock()

	err := g.startAll(startCtx)
	if err != nil {
		if died := g.Err(); died != nil {
			err = died // the other error is a consequence
		}
		g.markOver(nil)
		_ = g.stopAll(context.WithoutCancel(ctx)) // its errors are logged; return the error of the start
	}
	return c.finish(err)
}

func (g *Group) startAll(ctx context.Context) error {
	for _, p := range g.parts {
		if err := ctx.Err(); err != nil {
			return fault.Wrap("start "+p.Name, err)
		}
		began := time.Now()
		if err := safely(ctx, p.Start); err != nil {
			return fault.Wrap("start "+p.Name, err)
		}
		g.logger.Debug("started", "part", p.Name, "took", time.Since(began))
		g.watch(ctx, p)
	}
	if err := ctx.Err(); err != nil {
		return fault.Wrap("start", err)
	}
	return nil
}

// watch records that p is running, and later that it has died.
func (g *Group) watch(ctx context.Context, p Part) {
	r := &running{Part: p, ended: make(chan struct{})}
	g.mu.Lock()
	g.running = append(g.running, r)
	g.mu.Unlock()
	if p.Wait == nil {
		close(r.ended)
		return
	}
	go func() {
		defer close(r.ended)
		err := safely(ctx, func(context.Context) error { return p.Wait() })
		f := &fault.Error{Code: fault.Unavailable, Op: "run " + p.Name, Message: "it ended unexpectedly", Err: err}
		if err != nil {
			f.Code, f.Message, f.Hint = fault.CodeOf(err), "it failed: "+err.Error(), fault.HintOf(err)
		}
		g.markOver(f)
	}()
}

// markOver ends the group, once: with err if a part died, with nil if it is being stopped.
func (g *Group) markOver(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.over:
		return
	default:
	}
	g.err = err
	close(g.over)
	if g.cancelStart != nil {
		g.cancelStart()
	}
}

// Stop stops the parts in reverse order and returns all errors. It first cancels a start in progress. It reports a part that does not stop
// in time, and continues with the others.
func (g *Group) Stop(ctx context.Context) error {
	g.mu.Lock()
	if c := g.stop; c != nil {
		g.mu.Unlock()
		return c.wait(ctx, "wait for the stop")
	}
	c := newCall()
	g.stop = c
	start := g.start
	g.mu.Unlock()

	g.markOver(nil)
	if start != nil {
		select {
		case <-start.done:
		case <-ctx.Done():
			// The start continues in the background, and then stops the parts that it has started.
			return c.finish(fault.Wrap("wait for the start to end", ctx.Err()))
		}
	}
	return c.finish(g.stopAll(ctx))
}

func (g *Group) stopAll(ctx context.Context) error {
	var errs []error
	for r := g.pop(); r != nil; r = g.pop() {
		began := time.Now()
		if err := r.stop(ctx); err != nil {
			g.logger.Error("part did not stop cleanly", "part", r.Name, "error", err)
			errs = append(errs, fault.Wrap("stop "+r.Name, err))
			continue
		}
		g.logger.Debug("stopped", "part", r.Name, "took", time.Since(began))
	}
	return errors.Join(errs...)
}

func (g *Group) pop() *running {
	g.mu.Lock()
	defer g.mu.Unlock()
	last := len(g.running) - 1
	if last < 0 {
		return nil
	}
	r := g.running[last]
	g.running = g.running[:last]
	return r
}
