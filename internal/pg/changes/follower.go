package changes

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
)

const (
	// every is the time between two polls.
	every = 100 * time.Millisecond

	// pauseFailing is the time between polls that fail.
	pauseFailing = time.Second

	// pollTimeout limits a poll.
	pollTimeout = 5 * time.Second

	// emptyEvery is the time between two attempts to remove old rows.
	emptyEvery = time.Minute
)

// Options configure a Follower.
type Options struct {
	Pool   *pgxpool.Pool // of the primary; one connection is enough
	Logger *slog.Logger  // nil discards messages
}

// Batch is what has been committed between two polls.
type Batch struct {
	Changes []Change
	All     bool // anything may have changed: the follower has just begun, or could not follow for some time
}

// Follower reads what has changed, as long as somebody listens: nobody does without subscriptions, and then it does not poll. It is safe for
// concurrent use.
type Follower struct {
	pool   *pgxpool.Pool
	logger *slog.Logger
	nudged chan struct{}

	mu        sync.Mutex
	listeners map[*func(Batch)]struct{}
	stop      context.CancelFunc // nil while nobody listens
	ended     sync.WaitGroup
}

// NewFollower returns a follower that does not poll yet.
func NewFollower(o Options) *Follower {
	return &Follower{
		pool: o.Pool, logger: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)), nudged: make(chan struct{}, 1), listeners: map[*func(Batch)]struct{}{},
	}
}

// Follow calls on with each batch that is not empty, one after the other, until stop is called. The first one says that anything may have changed:
// what is read after it misses nothing that later batches do not tell.
func (f *Follower) Follow(on func(Batch)) (stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := &on
	f.listeners[key] = struct{}{}
	if f.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		f.stop = cancel
		f.ended.Go(func() { f.run(ctx) })
	}
	var once sync.Once
	return func() { once.Do(func() { f.leave(key) }) }
}

func (f *Follower) leave(key *func(Batch)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.listeners, key)
	if len(f.listeners) == 0 && f.stop != nil {
		f.stop()
		f.stop = nil
	}
}

// Nudge has the follower look at once: this process has committed something.
func (f *Follower) Nudge() {
	select {
	case f.nudged <- struct{}{}:
	default:
	}
}

// Close ends the follower, and waits for its last poll.
func (f *Follower) Close() {
	f.mu.Lock()
	clear(f.listeners)
	if f.stop != nil {
		f.stop()
		f.stop = nil
	}
	f.mu.Unlock()
	f.ended.Wait()
}

// run polls until ctx ends. Two runs can overlap for a moment, so each has a position of its own.
func (f *Follower) run(ctx context.Context) {
	r := &reader{Follower: f}
	for {
		r.look(ctx)
		pause := every
		if r.failing {
			pause = pauseFailing
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		case <-f.nudged:
		}
	}
}

// tell passes a batch to those who listen.
func (f *Follower) tell(b Batch) {
	f.mu.Lock()
	var list []func(Batch)
	for on := range f.listeners {
		list = append(list, *on)
	}
	f.mu.Unlock()
	for _, on := range list {
		on(b)
	}
}

// report logs when polls begin to fail, and when they succeed again.
func (r *reader) report(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil || (err != nil) == r.failing:
		return
	case err != nil:
		r.logger.Warn("subscriptions do not learn of changes: "+err.Error(), "fix", fault.HintOf(err))
	default:
		r.logger.Info("subscriptions learn of changes again")
	}
	r.failing = err != nil
}

// look polls once.
func (r *reader) look(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	first := r.snapshot == ""
	batch, err := r.poll(limited)
	r.report(ctx, err)
	if err != nil {
		r.snapshot = ""
		return
	}
	if batch.All = batch.All || first; batch.All || len(batch.Changes) > 0 {
		r.tell(batch)
	}
	if now := time.Now(); now.Sub(r.emptied) > emptyEvery {
		r.emptied = now
		r.report(ctx, r.empty(limited))
	}
}
