package analytics

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

const (
	// relayTimeout limits one batch of the relay, which holds a transaction.
	relayTimeout = 10 * time.Second

	// maxPause limits the pause after failures.
	maxPause = 5 * time.Minute

	// checkPause is the pause while the table cannot be written. Until then, mutations store no events.
	checkPause = 3 * time.Second

	// idleTimeout makes Postgres release the events of a process that has lost its network.
	idleTimeout = "SET LOCAL idle_in_transaction_session_timeout = '15s'"
)

// relay sends one batch. While the table is empty, it looks less often, unless this process stores events.
func (b *Outbox) relay(ctx context.Context) turn {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	if err := b.check(ctx); err != nil {
		b.relayed(err)
		return turn{pause: spread(checkPause)}
	}
	sent, more, err := b.sendBatch(ctx)
	if err != nil {
		b.halve(sent, err)
		return turn{pause: b.failed(ctx, err)}
	}
	b.failures = 0
	b.size = min(b.size*2, b.o.Batch)
	b.relayed(nil)
	if more {
		return turn{}
	}
	return turn{pause: spread(b.pause(sent)), idle: spread(b.o.Every)}
}

// pause returns how long to wait after a look at the table. An event that was stored is there only when its transaction has been committed, so
// the table is looked at again after Every, then after twice as long, and so on up to Idle.
func (b *Outbox) pause(sent int) time.Duration {
	if sent > 0 || b.stored.Swap(false) {
		b.next = b.o.Every
	}
	pause := min(b.next, b.o.Idle)
	b.next = min(2*b.next, b.o.Idle)
	return pause
}

// spread returns a duration that is up to a quarter longer or shorter, which keeps processes apart.
func spread(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1) //nolint:gosec // nothing depends on it
}

// halve makes the next batches smaller than one for which PostHog, or the network, had not enough time. Those that are sent double them again.
func (b *Outbox) halve(sent int, err error) {
	if errors.Is(err, context.DeadlineExceeded) && sent > 0 {
		b.size = max(sent/2, 1)
	}
}

// failed makes room in the table, if it is too long, and returns how long to wait before the next attempt.
func (b *Outbox) failed(ctx context.Context, err error) time.Duration {
	b.relayed(err)
	var delay *Delay
	if errors.As(err, &delay) {
		if err := b.prune(context.WithoutCancel(ctx)); err != nil {
			b.o.Client.o.Logger.Warn("old events were not removed", "error", err)
		}
	}
	pause := backoff(b.o.Every, maxPause, b.failures, delay)
	b.failures++
	return pause
}

// relayed keeps the outcome of a batch, and logs it if it is another one than before.
func (b *Outbox) relayed(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if before := b.failure.Swap(&text); text != "" && (before == nil || *before != text) {
		b.o.Client.o.Logger.Warn("events of the outbox wait", "error", err, "fix", fault.HintOf(err))
	}
}

// Status returns why events of the outbox wait, or "" if they do not.
func (b *Outbox) Status() string {
	if text := b.failure.Load(); text != nil {
		return *text
	}
	return ""
}

// sendBatch sends the oldest events and removes those that were confirmed, or refused for good.
func (b *Outbox) sendBatch(ctx context.Context) (sent int, more bool, err error) {
	tx, err := b.o.Pool.Begin(ctx)
	if err != nil {
		return 0, false, pg.Fault("send events", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, idleTimeout); err != nil {
		return 0, false, pg.Fault("send events", err)
	}
	rows, more, err := take(ctx, tx, b.size, b.o.Client.o.BatchBytes)
	if err != nil || len(rows) == 0 {
		return 0, false, pg.Fault("send events", err)
	}
	done, failure := b.send(ctx, rows)
	if err := remove(context.WithoutCancel(ctx), tx, done); err != nil {
		return 0, false, pg.Fault("remove the events that were sent", err)
	}
	return len(rows), more, failure
}

// send sends events once, and returns the IDs of those that are done with.
func (b *Outbox) send(ctx context.Context, rows []row) (done []uuid.UUID, err error) {
	c := b.o.Client
	var batch []Record
	for _, r := range rows {
		record, err := encode(r.event, c.o.Properties)
		if err != nil {
			c.counts.lose(1, err)
			continue
		}
		batch = append(batch, record)
	}
	fates, err := c.o.Sender.Send(ctx, batch)
	waiting := map[string]bool{}
	for _, r := range c.counts.settle(batch, fates, err) {
		waiting[r.UUID] = true
	}
	for _, r := range rows {
		if !waiting[r.event.UUID] {
			done = append(done, r.id)
		}
	}
	return done, err
}

// remove deletes events and commits.
func remove(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	if _, err := tx.Exec(ctx, "DELETE FROM "+own.OutboxTable+" WHERE id = ANY ($1)", ids); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// prune removes the oldest events if there are too many, and those that are too old. They are lost and counted.
func (b *Outbox) prune(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	const sql = `DELETE FROM ` + own.OutboxTable + ` WHERE id IN (SELECT id FROM ` + own.OutboxTable + `
		WHERE at < $1 OR id IN (SELECT id FROM ` + own.OutboxTable + ` ORDER BY id DESC OFFSET $2) FOR UPDATE SKIP LOCKED)`
	removed, err := b.o.Pool.Exec(ctx, sql, b.o.Client.o.Now().Add(-b.o.MaxAge), b.o.MaxRows)
	b.o.Client.counts.lose(int(removed.RowsAffected()), errTooMany)
	return pg.Fault("remove old events", err)
}

var errTooMany = errors.New("events of the outbox waited too long, or too many wait")
