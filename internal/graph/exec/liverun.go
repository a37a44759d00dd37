package exec

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/krowoc/krowoc/internal/caller"
	"github.com/krowoc/krowoc/internal/fault"
)

// liveRun is a query that runs again when what it reads may have changed. The lock of the hub guards what changes.
type liveRun struct {
	key      string
	pipeline *pipeline
	op       Operation // with a plan; each execution works on a copy
	tables   []string  // that it reads

	subscribers map[*subscription]struct{}
	last        *liveAnswer
	queued      bool // it is pending
	running     bool
	again       bool // something changed while it ran
}

// liveAnswer is an answer that all subscribers of a run get.
type liveAnswer struct {
	data    json.RawMessage
	cursor  string // identifies the data
	payload []byte // of a message
}

func newLiveRun(key string, p *pipeline, op *Operation) *liveRun {
	return &liveRun{key: key, pipeline: p, op: *op, tables: p.API.Tables(op.Plan.Reads), subscribers: map[*subscription]struct{}{}}
}

// waits reports whether a newer answer is on its way.
func (r *liveRun) waits() bool { return r.queued || r.running }

func newLiveAnswer(data json.RawMessage) *liveAnswer {
	sum := sha256.Sum256(data)
	cursor := hex.EncodeToString(sum[:16])
	return &liveAnswer{data: data, cursor: cursor, payload: slices.Concat([]byte(`{"data":`), data, []byte(`,"extensions":{"cursor":"`+cursor+`"}}`))}
}

// offer passes an answer on, unless the client has it.
func (s *subscription) offer(a *liveAnswer) {
	if s.cursor != a.cursor {
		s.cursor = a.cursor
		s.next(a)
	}
}

// maxWorkers is the number of connections to Postgres that runs take at once.
const maxWorkers = 4

// queue has a run execute, after its present execution if there is one. The hub is locked.
func (h *hub) queue(r *liveRun) {
	switch {
	case r.running:
		r.again = true
		return
	case r.queued:
		return
	}
	r.queued = true
	h.pending = append(h.pending, r)
	if h.workers < maxWorkers {
		h.workers++
		go h.work()
	}
}

// work executes pending runs until there are none, those with one plan together.
func (h *hub) work() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.pending) > 0 {
		runs := h.takeAlike()
		if len(runs) == 0 {
			continue
		}
		h.mu.Unlock()
		outcomes := executeAll(runs)
		h.mu.Lock()
		for i, r := range runs {
			h.settle(r, outcomes[i].data, outcomes[i].err)
		}
	}
	h.workers--
	h.pending = nil
}

// takeAlike takes the first pending run, and others that can be answered with it. The hub is locked.
func (h *hub) takeAlike() (runs []*liveRun) {
	rest := h.pending[:0]
	for _, r := range h.pending {
		isAlike := len(runs) == 0 || runs[0].alike(r)
		switch fits := isAlike && len(runs) < argumentRows; {
		case len(r.subscribers) == 0:
			r.queued = false
		case fits:
			r.queued, r.running, r.again = false, true, false
			runs = append(runs, r)
		default:
			rest = append(rest, r)
		}
	}
	clear(h.pending[len(rest):])
	h.pending = rest
	return runs
}

// execute answers the query once more.
func (r *liveRun) execute() (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(caller.With(context.Background(), r.op.Caller), r.pipeline.Timeout)
	defer cancel()
	op := r.op
	op.Time = r.pipeline.Now()
	err := r.pipeline.attempt(ctx, &op, r.pipeline.again)
	if err != nil {
		op.Err = err
		r.pipeline.settleAll(ctx, &op)
	}
	return op.Data, err
}

// retryAfter is the pause after a failure that may pass.
const retryAfter = time.Second

// settle passes the outcome of an execution to the subscribers. The hub is locked.
func (h *hub) settle(r *liveRun, data json.RawMessage, err error) {
	switch {
	case err != nil && passes(err):
		time.AfterFunc(retryAfter, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.runs[r.key] == r {
				h.queue(r)
			}
		})
	case err != nil:
		h.end(r, err)
	default:
		if r.last == nil || !bytes.Equal(r.last.data, data) {
			r.last = newLiveAnswer(data)
		}
		for s := range r.subscribers {
			s.offer(r.last)
		}
	}
	r.running = false
	if r.again {
		h.queue(r)
	}
}

// passes reports whether an error is likely to be gone in a moment: Postgres does not answer, or has too much to do.
func passes(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Unavailable, fault.Timeout, fault.Canceled, fault.RateLimited:
		return true
	}
	return false
}
