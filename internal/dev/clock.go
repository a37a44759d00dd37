package dev

import (
	"context"
	"fmt"
	"time"
)

// A session reads the clock every clockPeriod. A deviation of more than clockSlack is a jump.
const (
	clockPeriod = 2 * time.Second
	clockSlack  = 5 * time.Second
)

// clock detects that the machine slept or that its clock was set. In both cases the wall clock moves by a different amount than the
// monotonic clock, which stops during sleep (clock_gettime(2), CLOCK_MONOTONIC).
type clock struct {
	now  func() time.Time
	wall time.Time // the last reading
	mono time.Time // the same, with Go's monotonic reading
}

func newClock(now func() time.Time) *clock { return &clock{now, now().Round(0), time.Now()} }

// leap returns how far the wall clock has jumped since the last reading, or 0.
func (c *clock) leap() time.Duration {
	wall, elapsed := c.now().Round(0), time.Since(c.mono)
	off := wall.Sub(c.wall) - elapsed
	c.wall, c.mono = wall, time.Now()
	if off.Abs() < clockSlack {
		return 0
	}
	return off.Round(time.Second)
}

// afterLeap reports a jump of the clock and drops connections, which may be dead without having been closed.
func (s *session) afterLeap(ctx context.Context, leap time.Duration) {
	if leap > 0 {
		s.info("dev", fmt.Sprintf("the machine slept, or its clock was set, for %s; checking all files again", leap))
	} else {
		s.warn("dev", fmt.Sprintf("the machine's clock was set back by %s; times in the database and in tokens may be in the future", -leap))
	}
	if s.pool != nil {
		s.pool.Reset()
		s.tolerate("postgres", s.pool.Ping(ctx))
	}
}
