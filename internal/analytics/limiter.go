package analytics

import (
	"sync"
	"time"
)

// burst is how many failures are reported at once.
const burst = 20

// limiter admits a burst of failures, and then one each second, so that an outage does not fill the queue.
type limiter struct {
	now func() time.Time

	mu     sync.Mutex
	used   float64
	filled time.Time
}

// allow reports whether one more may pass.
func (l *limiter) allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !l.filled.IsZero() {
		l.used = max(0, l.used-now.Sub(l.filled).Seconds())
	}
	l.filled = now
	if l.used+1 > burst {
		return false
	}
	l.used++
	return true
}
