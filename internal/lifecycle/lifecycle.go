// Package lifecycle starts the parts of a process in order and stops them in reverse. A group is used once:
// Start and Stop may be called any number of times, from any goroutine, and act the first time.
package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// DefaultStopTimeout is how long a part may take to stop when it does not say otherwise.
const DefaultStopTimeout = 10 * time.Second

// Part is one thing that is started and stopped: a database server, a pool, a watcher. Any function may be
// nil. Stop is called once, and only if Start succeeded: a Start that fails cleans up after itself.
type Part struct {
	Name string

	// Start returns when the part is ready. Its context bounds the start alone and is canceled afterwards.
	Start func(ctx context.Context) error

	// Stop returns when the part is over. Its context ends after StopTimeout, or when the caller of
	// Group.Stop gives up: then the part is to stop at once, whatever it loses.
	Stop func(ctx context.Context) error

	// Wait blocks until the part is over, by itself or by Stop, and says why. A part that is over before
	// it is asked to stop has died, and takes the group with it.
	Wait func() error

	// StopTimeout is how long Stop may take; 0 is DefaultStopTimeout.
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

// running is a part that was started.
type running struct {
	Part
	ended chan struct{} // closed when Wait has returned
}

// call is something that happens once, whose result many may wait for.
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

// New returns a group of the parts, none of which is started. A nil logger is silent.
func New(logger *slog.Logger, parts ...Part) *Group {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Group{parts: parts, logger: logger, over: make(chan struct{})}
}

// Run starts the group, waits until ctx is done or a part dies, and stops it. The end of ctx is no error.
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
		return err // why it ended matters more than how
	}
	return stopErr
}

// Over returns a channel that is closed when a part has died or the group has been told to stop.
func (g *Group) Over() <-chan struct{} { return g.over }

// Err returns why the group ended by itself: the death of a part. It is nil while the group runs, and when
// it was simply stopped.
func (g *Group) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// Start starts the parts in order, each when the one before it is ready. If one fails, or dies meanwhile, or
// ctx ends, the ones that had started are stopped and the cause is returned.
func (g *Group) Start(ctx context.Context) error {
	g.mu.Lock()
	if c := g.start; c != nil {
		g.mu.Unlock()
		return c.wait(ctx, "wait for the start")
	}
	if g.stop != nil {
		g.mu.Unlock()
		return fault.New(fault.Canceled, "start", "it was stopped before")
	}
	c := newCall()
	startCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	g.start, g.cancelStart = c, cancel
	g.mu.Unlock()

	err := g.startAll(startCtx)
	if err != nil {
		if died := g.Err(); died != nil {
			err = died // the rest is its consequence
		}
		g.markOver(nil)
		_ = g.stopAll(context.WithoutCancel(ctx)) // its errors are logged; the failed start is the news
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

// watch records that p runs, and its death.
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
		f := &fault.Error{Code: fault.Unavailable, Op: "run " + p.Name, Message: "it ended by itself", Err: err}
		if err != nil {
			f.Code, f.Message, f.Hint = fault.CodeOf(err), "it died: "+err.Error(), fault.HintOf(err)
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

// Stop stops the parts in reverse order and returns every error of theirs. A start under way is canceled
// first. A part that does not stop in time is left behind and reported, and the others still stop.
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
			// The start goes on to its end in its own time, and then stops what it had started.
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
