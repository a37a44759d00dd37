package exec

import "sync/atomic"

// Stats are the statistics of a handler since it was made, also of the APIs that it served before.
type Stats struct {
	Documents, Plans CacheStats
	Turns            TurnStats
	Live             LiveStats
}

// LiveStats tell what subscriptions there are.
type LiveStats struct {
	Streams, Subscriptions, Runs int64  // subscriptions share runs
	Dropped                      uint64 // clients that read too slowly
}

// CacheStats are the statistics of a cache.
type CacheStats struct {
	Hits, Misses   uint64
	Entries, Bytes int64 // bytes are estimated
}

// TurnStats tell how busy Postgres is with operations.
type TurnStats struct {
	Running, Waiting int64
	Most             int64 // how many run at once; 0 without a limit, and the others are 0 then, too
	Refused          uint64
}

// counters are what a handler counts itself.
type counters struct {
	documents, plans looked
	waiting          atomic.Int64
	refused          atomic.Uint64
}

// looked counts look-ups in a cache.
type looked struct{ hits, misses atomic.Uint64 }

func (l *looked) count(found bool) {
	if found {
		l.hits.Add(1)
		return
	}
	l.misses.Add(1)
}

// Stats returns the statistics.
func (h *Handler) Stats() Stats {
	p, c := h.current.Load(), h.options.counters
	return Stats{
		Documents: CacheStats{c.documents.hits.Load(), c.documents.misses.Load(), int64(p.documents.Len()), p.documents.bytes.Load()},
		Plans:     CacheStats{c.plans.hits.Load(), c.plans.misses.Load(), int64(p.plans.Len()), p.plans.bytes.Load()},
		Turns:     TurnStats{Running: int64(len(h.options.turns)), Waiting: c.waiting.Load(), Most: int64(cap(h.options.turns)), Refused: c.refused.Load()},
		Live:      h.options.hub.stats(),
	}
}

// stats returns the statistics of the subscriptions.
func (h *hub) stats() (s LiveStats) {
	if h == nil {
		return s
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s = LiveStats{Streams: int64(len(h.streams)), Runs: int64(len(h.runs)), Dropped: h.dropped.Load()}
	for _, r := range h.runs {
		s.Subscriptions += int64(len(r.subscribers))
	}
	return s
}
