package analytics

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// reportEvery is how often losses are logged.
const reportEvery = time.Minute

// counts counts what became of events, and logs losses.
type counts struct {
	logger    *slog.Logger
	now       func() time.Time
	delivered atomic.Int64
	lost      atomic.Int64

	mu       sync.Mutex
	failure  error // of the last attempt; nil if it succeeded
	reported time.Time
	silent   int64 // losses since reported
}

// lose counts events that are never sent.
func (c *counts) lose(n int, why error) {
	if n == 0 {
		return
	}
	c.lost.Add(int64(n))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent += int64(n)
	if now := c.now(); now.Sub(c.reported) >= reportEvery {
		c.logger.Warn("events were dropped", "events", c.silent, "error", why)
		c.reported, c.silent = now, 0
	}
}

// settle counts the fates of a batch, and returns the records that wait.
func (c *counts) settle(batch []Record, fates []Fate, err error) (waiting []Record) {
	var delivered, refused int
	for i, r := range batch {
		switch fates[i] {
		case Delivered:
			delivered++
		case Refused:
			refused++
		case Waiting:
			waiting = append(waiting, r)
		}
	}
	c.delivered.Add(int64(delivered))
	c.lose(refused, errRefused)
	c.note(err)
	return waiting
}

// note keeps the outcome of the last attempt.
func (c *counts) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = err
}

var errRefused = errors.New("PostHog does not take them")

// Status tells whether events arrive.
type Status struct {
	Reason    string // why the last attempt failed; empty if it did not
	Queued    int    // in memory
	Delivered int64
	Dropped   int64 // since the start
}

// Status returns the state of the client.
func (c *Client) Status() Status {
	s := Status{Queued: len(c.queue), Delivered: c.counts.delivered.Load(), Dropped: c.Dropped()}
	c.counts.mu.Lock()
	defer c.counts.mu.Unlock()
	if c.counts.failure != nil {
		s.Reason = c.counts.failure.Error()
	}
	return s
}

// Dropped returns how many events were lost since the start.
func (c *Client) Dropped() int64 { return c.counts.lost.Load() }
