package exec

import (
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/changes"
)

// Live is what subscriptions need. Changes is required; zero values of the others take the defaults.
type Live struct {
	Changes Changes

	// Blind reports that nothing notes the changes of a table, so that only those of this process are known. It may be nil.
	Blind func(table string) bool

	// Authenticate returns the caller of a request, as the server does. Streams ask again whether their caller is still who they were. If it is
	// nil, callers stay, and a client cannot name one in the stream.
	Authenticate func(r *http.Request) (caller.Caller, error)

	// Origin reports whether pages of another origin may open a stream, and whether the cookies of the browser count then. If it is nil, none may.
	Origin func(origin string) (allowed, credentials bool)

	MaxStreams       int           // of one caller; default 100. Anonymous callers are not told apart
	MaxSubscriptions int           // of one WebSocket; default 100
	MaxMessage       int64         // bytes of a message from a client; default 1 MiB
	Check            time.Duration // after which a stream asks again for its caller, and for a sign of life; default 30 s
}

// Changes tells what has been committed. changes.Follower is one.
type Changes interface {
	Follow(on func(changes.Batch)) (stop func())
	Nudge()
}

func (l Live) withDefaults() Live {
	if l.MaxStreams <= 0 {
		l.MaxStreams = 100
	}
	if l.MaxSubscriptions <= 0 {
		l.MaxSubscriptions = 100
	}
	if l.MaxMessage <= 0 {
		l.MaxMessage = 1 << 20
	}
	if l.Check <= 0 {
		l.Check = 30 * time.Second
	}
	return l
}

// hub has the subscriptions of a handler. Those with the same plan, arguments and caller inputs share a run.
type hub struct {
	Live
	logger *slog.Logger

	mu      sync.Mutex
	runs    map[string]*liveRun
	byTable map[string]map[*liveRun]struct{}
	pending []*liveRun // to run, in order
	workers int
	stop    func() // ends following; nil while there are no runs

	streams map[*stream]struct{}
	callers map[string]int // streams of each caller

	dropped atomic.Uint64 // clients that read too slowly
}

func newHub(l Live, logger *slog.Logger) *hub {
	return &hub{
		Live: l.withDefaults(), logger: logger, runs: map[string]*liveRun{}, byTable: map[string]map[*liveRun]struct{}{},
		streams: map[*stream]struct{}{}, callers: map[string]int{},
	}
}

// subscription is one client's interest in the answers of a run. Neither function may block or call the hub.
type subscription struct {
	next   func(*liveAnswer)
	end    func(reason error)
	cursor string // of the answer that the client has; "" for none

	run   *liveRun
	timer *time.Timer // ends it when a log-in is no longer recent
}

// join begins a subscription. Its answers come from other goroutines.
func (h *hub) join(p *pipeline, op *Operation, s *subscription) {
	key := p.liveKey(op)
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.runs[key]
	if r == nil {
		r = newLiveRun(key, p, op)
		h.add(r)
	}
	s.run = r
	r.subscribers[s] = struct{}{}
	if r.last != nil && !r.waits() {
		s.offer(r.last)
	}
}

// add begins a run. The hub is locked. It follows the changes before it runs for the first time.
func (h *hub) add(r *liveRun) {
	h.runs[r.key] = r
	for _, table := range r.tables {
		if h.byTable[table] == nil {
			h.byTable[table] = map[*liveRun]struct{}{}
		}
		h.byTable[table][r] = struct{}{}
	}
	if h.stop == nil {
		h.stop = h.Changes.Follow(h.changed)
	}
	h.queue(r)
}

// leave ends a subscription, and its run if it was the last one.
func (h *hub) leave(s *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := s.run
	if s.timer != nil {
		s.timer.Stop()
	}
	if r == nil {
		return
	}
	delete(r.subscribers, s)
	if len(r.subscribers) == 0 {
		h.remove(r)
	}
}

// remove forgets a run. The hub is locked.
func (h *hub) remove(r *liveRun) {
	if h.runs[r.key] == r {
		delete(h.runs, r.key)
	}
	for _, table := range r.tables {
		if delete(h.byTable[table], r); len(h.byTable[table]) == 0 {
			delete(h.byTable, table)
		}
	}
	if len(h.runs) == 0 && h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// changed wakes the runs that read what has changed.
func (h *hub) changed(b changes.Batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b.All {
		for _, r := range h.runs {
			h.queue(r)
		}
		return
	}
	told := map[string]bool{}
	for _, c := range b.Changes {
		if !told[c.Table] {
			told[c.Table] = true
			h.wake(c.Table)
		}
	}
}

// wake queues the runs that read a table. The hub is locked.
func (h *hub) wake(table string) {
	for r := range h.byTable[table] {
		h.queue(r)
	}
}

// committed is called when this process has written. It looks at once, and tells of tables that nobody else tells of.
func (h *hub) committed(tables []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	nudge := false
	for _, table := range tables {
		if len(h.byTable[table]) == 0 {
			continue
		}
		nudge = true
		if h.Blind != nil && h.Blind(table) {
			h.wake(table)
		}
	}
	if nudge {
		h.Changes.Nudge()
	}
}

// endAll ends all subscriptions.
func (h *hub) endAll(reason error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.runs {
		h.end(r, reason)
	}
}

// end ends a run with its subscriptions. The hub is locked.
func (h *hub) end(r *liveRun, reason error) {
	for s := range r.subscribers {
		s.end(reason)
	}
	clear(r.subscribers)
	h.remove(r)
}

var errSchemaChanged = fault.New(fault.Canceled, "", "the schema of the API has changed", "subscribe again")
