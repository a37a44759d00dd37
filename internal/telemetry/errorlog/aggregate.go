package errorlog

import (
	"time"
)

// Limits of what waits in memory for the database.
const (
	maxWaitingFaults = 500 // kinds of errors of servers
	maxWaitingOthers = 200 // kinds of mistakes of clients, and of errors in browsers

	maxMinutes = 120 // counts of one error; older ones are added to the oldest that is kept
	maxSamples = 5   // of one error; 1 of a mistake of clients
)

// aggregate is what happened to one kind of error since it was last written.
type aggregate struct {
	kind
	first, last  time.Time
	firstRelease string
	lastRelease  string
	minutes      map[time.Time]int64
	samples      []Sample // the newest last
	isOfClient   bool
}

// aggregates are errors by fingerprint.
type aggregates map[string]*aggregate

// add counts an event. It reports false if there is no room for another kind of error.
func (a aggregates) add(fingerprint string, k kind, s Sample, isOfClient bool) bool {
	g := a[fingerprint]
	if g == nil {
		if !a.hasRoom(isOfClient) {
			return false
		}
		g = &aggregate{kind: k, first: s.Time, last: s.Time, firstRelease: s.Release, lastRelease: s.Release, minutes: map[time.Time]int64{}, isOfClient: isOfClient}
		a[fingerprint] = g
	}
	g.count(s.Time, 1)
	g.see(s.Time, s.Release)
	g.keep(s)
	return true
}

// hasRoom reports whether there is room for another kind. Clients have a share of their own, so that they cannot push out errors of servers.
func (a aggregates) hasRoom(ofClient bool) bool {
	most := maxWaitingFaults
	if ofClient {
		most = maxWaitingOthers
	}
	if len(a) < most {
		return true
	}
	n := 0
	for _, g := range a {
		if g.isOfClient == ofClient {
			n++
		}
	}
	return n < most
}

// count adds to the count of a minute.
func (g *aggregate) count(at time.Time, n int64) {
	minute := at.UTC().Truncate(time.Minute)
	if _, known := g.minutes[minute]; !known && len(g.minutes) >= maxMinutes {
		minute = g.oldest(minute)
	}
	g.minutes[minute] += n
}

// oldest returns the oldest minute after it has taken over the count of a new one, or of the one before it.
func (g *aggregate) oldest(minute time.Time) time.Time {
	var first, second time.Time
	for m := range g.minutes {
		switch {
		case first.IsZero() || m.Before(first):
			first, second = m, first
		case second.IsZero() || m.Before(second):
			second = m
		}
	}
	if minute.Before(first) {
		return first
	}
	g.minutes[second] += g.minutes[first]
	delete(g.minutes, first)
	return minute
}

// see widens the time in which the error was seen.
func (g *aggregate) see(at time.Time, release string) {
	if at.Before(g.first) {
		g.first, g.firstRelease = at, release
	}
	if !at.Before(g.last) {
		g.last, g.lastRelease = at, release
	}
}

// keep keeps the newest samples.
func (g *aggregate) keep(s Sample) {
	most := maxSamples
	if g.isOfClient {
		most = 1
	}
	g.samples = append(g.samples, s)
	if extra := len(g.samples) - most; extra > 0 {
		g.samples = append(g.samples[:0], g.samples[extra:]...)
	}
}

// merge adds what could not be written to what has happened since. It returns how many errors have no room.
func (a aggregates) merge(older aggregates) (lost int64) {
	for fingerprint, g := range older {
		newer := a[fingerprint]
		switch {
		case newer == nil && !a.hasRoom(g.isOfClient):
			lost += g.total()
			continue
		case newer == nil:
			a[fingerprint] = g
			continue
		}
		samples := newer.samples
		newer.samples = nil
		for _, s := range append(g.samples, samples...) {
			newer.keep(s)
		}
		for at, n := range g.minutes {
			newer.count(at, n)
		}
		newer.see(g.first, g.firstRelease)
		newer.see(g.last, g.lastRelease)
	}
	return lost
}

func (g *aggregate) total() (n int64) {
	for _, count := range g.minutes {
		n += count
	}
	return n
}
