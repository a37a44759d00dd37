package analytics

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// turn is what a step of a loop returns.
type turn struct {
	pause time.Duration // before the next step
	idle  time.Duration // the pause when nudge is called meanwhile; 0 keeps to pause
}

// loop calls a function in the background until it is stopped.
type loop struct {
	step     func(ctx context.Context) turn
	nudges   chan struct{}
	stopping chan struct{}
	once     sync.Once
	started  atomic.Bool
	ended    chan struct{}
	ctx      context.Context //nolint:containedctx // of the steps; ends when stop has no time left
	cancel   context.CancelFunc
}

func newLoop(step func(ctx context.Context) turn) *loop {
	l := &loop{step: step, nudges: make(chan struct{}, 1), stopping: make(chan struct{}), ended: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

func (l *loop) start() {
	if l.started.CompareAndSwap(false, true) {
		go l.run()
	}
}

func (l *loop) run() {
	defer close(l.ended)
	for {
		next := l.step(l.ctx)
		var nudges chan struct{}
		if next.idle > 0 {
			nudges = l.nudges
		}
		timer := time.NewTimer(next.pause)
		select {
		case <-timer.C:
			continue
		case <-nudges:
			timer.Reset(next.idle)
		case <-l.stopping:
			timer.Stop()
			return
		}
		select {
		case <-timer.C:
		case <-l.stopping:
			timer.Stop()
			return
		}
	}
}

// nudge tells an idle loop that there is something to do.
func (l *loop) nudge() {
	select {
	case l.nudges <- struct{}{}:
	default:
	}
}

// stop waits for the step that is running, until ctx ends.
func (l *loop) stop(ctx context.Context) error {
	l.once.Do(func() { close(l.stopping) })
	defer l.cancel()
	if !l.started.Load() {
		return nil
	}
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
		l.cancel()
		<-l.ended
		return fault.Wrap("send events", ctx.Err())
	}
}
