package exec

import (
	"context"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// takeTurn waits until an operation may use a connection, and returns what ends its turn. When all are taken for long, by statements that
// wait for a lock, for example, the operation is refused rather than queued: a client that tries again later costs nothing meanwhile.
func (o *Options) takeTurn(ctx context.Context) (end func(), err error) {
	if o.turns == nil {
		return func() {}, nil
	}
	end = func() { <-o.turns }
	select {
	case o.turns <- struct{}{}:
		return end, nil
	default:
	}
	patience := time.NewTimer(o.MaxWait)
	defer patience.Stop()
	o.counters.waiting.Add(1)
	defer o.counters.waiting.Add(-1)
	select {
	case o.turns <- struct{}{}:
		return end, nil
	case <-ctx.Done():
		return nil, queryFault(ctx, ctx.Err())
	case <-patience.C:
		o.counters.refused.Add(1)
		return nil, &fault.Error{Code: fault.Unavailable, Message: "the service is busy", Hint: "try again later", RetryAfter: time.Second}
	}
}
