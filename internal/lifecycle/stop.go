package lifecycle

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// grace is how much longer than its context a Stop is waited for: the time to notice, and to end abruptly.
const grace = 2 * time.Second

// stop stops the part and waits until its Wait has returned too.
func (r *running) stop(ctx context.Context) error {
	timeout := r.StopTimeout
	if timeout == 0 {
		timeout = DefaultStopTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		err := safely(ctx, r.Stop)
		if err == nil {
			<-r.ended
		}
		result <- err
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case err := <-result:
		return err
	case <-late.C:
		return fault.New(fault.Timeout, "", "it is still not over, and is left behind")
	}
}

// safely calls fn, which may be nil, and returns a panic as an error: one part's bug must not keep the
// others from being stopped.
func safely(ctx context.Context, fn func(context.Context) error) (err error) {
	if fn == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = &fault.Error{
				Code: fault.Internal, Message: fmt.Sprintf("it panicked: %v", v),
				Hint: "this is a bug in Krowoc: please report it", Err: fmt.Errorf("panic: %v\n%s", v, debug.Stack()),
			}
		}
	}()
	return fn(ctx)
}
