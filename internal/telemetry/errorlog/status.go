package errorlog

import (
	"fmt"
	"sync"
	"time"
)

// status is how recording goes.
type status struct {
	mu       sync.Mutex
	err      error // of the last attempt to write
	since    time.Time
	lastLoss time.Time
}

func (s *status) wrote(err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.err == nil {
		s.since = now
	}
	s.err = err
}

func (s *status) lose(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastLoss = now
}

// lossMatters is how long the loss of errors is a concern.
const lossMatters = 5 * time.Minute

// Status returns how many errors were lost since the start, and what is wrong, without any names, or "".
func (r *Recorder) Status() (lost int64, concern string) {
	if r == nil {
		return 0, ""
	}
	s := &r.status
	s.mu.Lock()
	defer s.mu.Unlock()
	lost = r.lost.Load()
	switch {
	case s.err != nil:
		return lost, fmt.Sprintf("errors have not been written to the database since %s", s.since.UTC().Format(time.RFC3339))
	case !s.lastLoss.IsZero() && r.Now().Sub(s.lastLoss) < lossMatters:
		return lost, fmt.Sprintf("%d errors were not recorded since the start, because there were too many or they could not be read", lost)
	}
	return lost, ""
}
