package dev

import (
	"context"
	"fmt"
	"time"
)

// A session looks at the clock every clockPeriod; one that is off by more than clockSlack has leapt.
const (
	clockPeriod = 2 * time.Second
	clockSlack  = 5 * time.Second
)

// clock notices that the machine slept, or that its time was set: the wall clock has moved on by another amount than the
// monotonic one, which stands still meanwhile (clock_gettime(2), CLOCK_MONOTONIC).
type clock struct {
	now  func() time.Time
	wall time.Time // when it was last looked at
	mono time.Time // the same, with Go's monotonic reading
}

func newClock(now func() time.Time) *clock { return &clock{now, now().Round(0), time.Now()} }

// leap returns by how much the wall clock has leapt since the last look; zero when it has not.
func (c *clock) leap() time.Duration {
	wall, elapsed := c.now().Round(0), time.Since(c.mono)
	off := wall.Sub(c.wall) - elapsed
	c.wall, c.mono = wall, time.Now()
	if off.Abs() < clockSlack {
		return 0
	}
	return off.Round(time.Second)
}

// afterLeap says that the clock has leapt, and lets go of connections that may be dead without having been closed.
func (s *session) afterLeap(ctx context.Context, leap time.Duration) {
	if leap > 0 {
		s.info("dev", fmt.Sprintf("the machine has slept, or its clock was set, for %s: everything is looked at again", leap))
	} else {
		s.warn("dev", fmt.Sprintf("the machine's clock was set back by %s: times in the database and in tokens may lie ahead", -leap))
	}
	if s.pool != nil {
		s.pool.Reset()
		s.tolerate("postgres", s.pool.Ping(ctx))
	}
}
