package lifecycle

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// grace is how long a Stop may continue after its context has ended, to notice this and stop abruptly.
const grace = 2 * time.Second

// stop stops the part and waits until its Wait has returned.
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
		return fault.New(fault.Timeout, "", "it did not stop in time and is still running")
	}
}

// safely calls fn, which may be nil, and returns a panic as an error, so that a bug in one part does not prevent the others from being
// stopped.
func safely(ctx context.Context, fn func(context.Context) error) (err error) {
	if fn == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = &fault.Error{
				Code: fault.Internal, Message: fmt.Sprintf("it panicked: %v", v),
				Hint: "this is a bug in Krowoc: report it", Err: fmt.Errorf("panic: %v\n%s", v, debug.Stack()),
			}
		}
	}()
	return fn(ctx)
}
