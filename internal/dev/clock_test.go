package dev

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	offset := time.Duration(0)
	c := newClock(func() time.Time { return time.Now().Add(offset) })
	for _, step := range []struct {
		name   string
		offset time.Duration
		want   time.Duration
	}{
		{"goes on", 0, 0},
		{"is corrected a little", time.Second, 0},
		{"slept", 8 * time.Hour, 8 * time.Hour},
		{"goes on after that", 8 * time.Hour, 0},
		{"is set back", time.Hour, -7 * time.Hour},
	} {
		offset = step.offset
		if got := c.leap(); (got - step.want).Abs() > 2*time.Second {
			t.Errorf("%s: leapt by %s, want %s", step.name, got, step.want)
		}
	}
}
