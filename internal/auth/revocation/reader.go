package revocation

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

const (
	// pollEvery is the time between two polls.
	pollEvery = 500 * time.Millisecond

	// pollTimeout limits a poll, and firstTimeout the one for which a server waits before it starts.
	pollTimeout  = 10 * time.Second
	firstTimeout = 2 * time.Second
)

// Options configure a Reader.
type Options struct {
	Pool   *pgxpool.Pool
	Logger *slog.Logger // nil discards messages

	// On is called once for each revocation, in order and not concurrently, after Has knows it. It may be nil.
	On func(Revocation)
}

// Reader knows all revocations. It is safe for concurrent use. While Postgres does not answer, it knows those that it has read, and catches up
// afterwards.
type Reader struct {
	pool   *pgxpool.Pool
	logger *slog.Logger
	on     func(Revocation)
	stop   context.CancelFunc
	ended  sync.WaitGroup

	mu    sync.RWMutex
	known map[Revocation]time.Time // when it was revoked

	last    row  // the last row that was read
	failing bool // the last poll failed
}

// row is a row of the table.
type row struct {
	position int64
	at       time.Time
}

// NewReader returns a reader that knows nothing before Start.
func NewReader(o Options) *Reader {
	return &Reader{
		pool: o.Pool, logger: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)), on: o.On,
		known: map[Revocation]time.Time{}, stop: func() {},
	}
}

// Has reports whether something has been revoked. It reads memory only.
func (r *Reader) Has(kind Kind, value string) bool {
	_, revoked := r.At(kind, value)
	return revoked
}

// At returns when something has been revoked for the last time, if ever. It reads memory only.
func (r *Reader) At(kind Kind, value string) (at time.Time, revoked bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	at, revoked = r.known[Revocation{kind, value}]
	return at, revoked
}

// Start reads all revocations and continues in the background. It does not wait long for a database that is down: the service has nothing to
// give away then.
func (r *Reader) Start(ctx context.Context) error {
	first, cancel := context.WithTimeout(ctx, firstTimeout)
	defer cancel()
	r.report(ctx, r.poll(first))
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.ended.Go(func() { r.run(background) })
	return nil
}

// Stop ends the reader.
func (r *Reader) Stop(context.Context) error {
	r.stop()
	r.ended.Wait()
	return nil
}

func (r *Reader) run(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			limited, cancel := context.WithTimeout(ctx, pollTimeout)
			r.report(ctx, r.poll(limited))
			cancel()
		}
	}
}

// report logs when polls begin to fail, and when they succeed again.
func (r *Reader) report(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil || (err != nil) == r.failing:
		return
	case err != nil:
		r.logger.Warn("what is revoked from now on still counts here: "+err.Error(), "fix", fault.HintOf(err))
	default:
		r.logger.Info("revocations are known again")
	}
	r.failing = err != nil
}

// poll reads the rows since the last one. It reads that one again: if it is another row now, the table has been replaced, for example by the
// reset of a database or a failover that lost it, and its positions count from somewhere else.
func (r *Reader) poll(ctx context.Context) error {
	const op = "read the revocations"
	if r.last.position == 0 { // a missing table would be an error in the log of Postgres at each poll
		var exists bool
		if err := r.pool.QueryRow(ctx, "SELECT to_regclass('"+own.RevocationsTable+"') IS NOT NULL").Scan(&exists); err != nil {
			return pg.Fault(op, err)
		}
		if !exists {
			return fault.New(fault.Conflict, op, "the table "+own.RevocationsTable+" does not exist yet", "apply it with `krowoc migrate up`")
		}
	}
	err := r.readFrom(ctx, r.last)
	if errors.Is(err, errReplaced) {
		err = r.readFrom(ctx, row{})
	}
	if err != nil {
		r.last = row{}
	}
	return pg.Fault(op, own.Denied(err, "SELECT", own.RevocationsTable))
}

var errReplaced = errors.New("the table has been replaced")

// readFrom reads the last row again, unless it is zero, and those after it.
func (r *Reader) readFrom(ctx context.Context, last row) error {
	rows, err := r.pool.Query(ctx, "SELECT position, at, kind, value FROM "+own.RevocationsTable+" WHERE position >= $1 ORDER BY position", last.position)
	if err != nil {
		return err
	}
	var this row
	var v Revocation
	found := last == row{}
	_, err = pgx.ForEachRow(rows, []any{&this.position, &this.at, &v.Kind, &v.Value}, func() error {
		switch {
		case found:
			r.add(v, this)
		case this.position == last.position && this.at.Equal(last.at):
			found = true
		default:
			return errReplaced
		}
		return nil
	})
	if err == nil && !found {
		return errReplaced
	}
	if err == nil && r.last != last {
		r.forget()
	}
	return err
}

func (r *Reader) add(v Revocation, at row) {
	r.last = at
	r.mu.Lock()
	before, known := r.known[v]
	if at.at.After(before) { // a table that has been replaced may begin with older rows
		r.known[v] = at.at
	}
	r.mu.Unlock()
	if !known && r.on != nil {
		r.on(v)
	}
}

// forget forgets what the table no longer keeps: the newest row says what time it is in Postgres.
func (r *Reader) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.known, func(v Revocation, at time.Time) bool { return v.Kind != KID && at.Before(r.last.at.Add(-keep)) })
}
