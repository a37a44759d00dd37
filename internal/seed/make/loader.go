package make

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// loader is one run of a generation.
type loader struct {
	Options
	*Generation
	batched bool // load batches, one transaction each
	owner   bool // the role may drop and recreate indexes and foreign keys
	sent    atomic.Int64
	total   int64
}

// progress reports that more rows have been sent.
func (l *loader) progress(t *blueprint, stage Stage, more int64) {
	if l.Report != nil {
		l.Report(Progress{t.typ.Table, stage, l.sent.Add(more), l.total})
	}
}

// inTx runs fn in a transaction on a connection of its own.
func (l *loader) inTx(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return pg.InTx(ctx, l.Pool, fn)
}

// run loads the rows while tx holds the lock.
func (l *loader) run(ctx context.Context, tx pgx.Tx) error {
	if err := ledger.Lock(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil { // it only holds the lock while batches run
		return err
	}
	if err := l.ready(ctx, tx); err != nil {
		return err
	}
	if err := l.choose(ctx, tx); err != nil {
		return err
	}
	if l.batched {
		return l.inBatches(ctx)
	}
	return l.atOnce(ctx, tx)
}

// ready reads everything that rows depend on.
func (l *loader) ready(ctx context.Context, tx pgx.Tx) error {
	if err := l.describe(ctx, tx); err != nil {
		return err
	}
	if err := l.resume(ctx, tx); err != nil {
		return err
	}
	for _, t := range l.blueprints {
		t.name(l.Named)
	}
	if err := l.prepare(ctx, tx); err != nil {
		return err
	}
	for _, t := range l.order {
		l.total += max(0, t.remaining())
	}
	return nil
}

// name adopts the named fixture rows. Their keys are read, so that references find the rows.
func (t *blueprint) name(named func(blueprint string) map[string]map[string]string) {
	if named == nil {
		return
	}
	t.named = named(t.typ.Table)
	for _, key := range t.named {
		for slot := range key {
			if i, ok := t.index[slot]; ok && len(t.rows.slots) > 0 {
				t.rows.need(i)
			}
		}
	}
}

// choose decides whether the rows are loaded in one transaction or in batches.
func (l *loader) choose(ctx context.Context, tx pgx.Tx) error {
	owned, err := l.owned(ctx, tx)
	if err != nil {
		return err
	}
	filled := !owned
	for _, t := range l.order {
		var there int64
		if err := tx.QueryRow(ctx, fmt.Sprintf("SELECT count(*) FROM (SELECT FROM %s LIMIT %d) t", t.quoted(), max(t.remaining(), 1))).Scan(&there); err != nil {
			return err
		}
		goesOn := t.done > 0 || there >= t.remaining()
		filled = filled || (goesOn && t.remaining() >= batchRows)
	}
	l.batched = filled
	l.owner = owned
	if l.cyclic() {
		l.batched = false
		return l.closable(ctx, tx)
	}
	return nil
}
