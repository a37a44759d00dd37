package analytics

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// loop calls a function in the background until it is stopped. The function returns how long to wait before the next call.
type loop struct {
	step     func(ctx context.Context) time.Duration
	stopping chan struct{}
	once     sync.Once
	started  atomic.Bool
	ended    chan struct{}
	ctx      context.Context //nolint:containedctx // of the steps; ends when stop has no time left
	cancel   context.CancelFunc
}

func newLoop(step func(ctx context.Context) time.Duration) *loop {
	l := &loop{step: step, stopping: make(chan struct{}), ended: make(chan struct{})}
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
		timer := time.NewTimer(l.step(l.ctx))
		select {
		case <-timer.C:
		case <-l.stopping:
			timer.Stop()
			return
		}
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
