package errorlog

import (
	"sync"
	"time"
)

// How many reports of front ends are accepted in a minute. An address may be a proxy with many people behind it.
const (
	perAddress = 60
	perProcess = 600
)

// limits counts reports in fixed windows of a minute. There are never more addresses than reports, so its memory is bounded.
type limits struct {
	now func() time.Time

	mu        sync.Mutex
	until     time.Time
	total     int
	addresses map[string]int
}

func newLimits(now func() time.Time) *limits { return &limits{now: now, addresses: map[string]int{}} }

// take counts a report. If there were too many, it returns how long to wait.
func (l *limits) take(address string) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !now.Before(l.until) {
		l.until, l.total = now.Add(time.Minute), 0
		clear(l.addresses)
	}
	if l.total >= perProcess || l.addresses[address] >= perAddress {
		return l.until.Sub(now)
	}
	l.total++
	l.addresses[address]++
	return 0
}
