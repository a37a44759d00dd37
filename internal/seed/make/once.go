package make

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// atOnce loads the rows in one transaction.
func (l *loader) atOnce(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "SET LOCAL maintenance_work_mem = '256MB'"); err != nil {
		return err
	}
	if l.cyclic() {
		if _, err := tx.Exec(ctx, "SET CONSTRAINTS ALL DEFERRED"); err != nil {
			return err
		}
	}
	apart, err := l.takeApart(ctx, tx)
	if err != nil {
		return err
	}
	if err := l.copyAll(ctx, tx); err != nil {
		return err
	}
	// Postgres does not create an index on a table with pending deferred triggers.
	if _, err := tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return err
	}
	if err := l.putTogether(ctx, tx, apart); err != nil {
		return err
	}
	for _, t := range l.order {
		if t.remaining() <= 0 {
			continue
		}
		if err := l.finish(ctx, tx, t, t.count); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE")
	return err
}

// takeApart drops the indexes and foreign keys of tables that load faster without them, and of all tables if they refer to one another.
func (l *loader) takeApart(ctx context.Context, tx pgx.Tx) (map[*blueprint][]part, error) {
	apart := map[*blueprint][]part{}
	for _, t := range l.order {
		if !l.owner || (t.remaining() < rebuildRows && !l.cyclic()) {
			continue
		}
		parts, err := t.takeApart(ctx, tx)
		if err != nil {
			return nil, err
		}
		apart[t] = parts
	}
	return apart, nil
}

// copyAll sends the rows of all tables.
func (l *loader) copyAll(ctx context.Context, tx pgx.Tx) error {
	for _, t := range l.order {
		if t.remaining() <= 0 {
			continue
		}
		fresh := false
		if l.owner && t.remaining() >= rebuildRows {
			var err error
			if fresh, err = t.renew(ctx, tx); err != nil {
				return err
			}
		}
		if err := l.copy(ctx, tx, t, t.done, t.count, fresh); err != nil {
			return err
		}
		if l.triggered() { // triggers of later tables may take numbers of the sequences
			if err := t.setSequences(ctx, tx); err != nil {
				return err
			}
		}
	}
	return nil
}

// putTogether recreates indexes and foreign keys.
func (l *loader) putTogether(ctx context.Context, tx pgx.Tx, apart map[*blueprint][]part) error {
	for _, t := range l.order {
		if len(apart[t]) == 0 {
			continue
		}
		l.progress(t, Indexes, 0)
		if err := t.putTogether(ctx, tx, apart[t]); err != nil {
			return t.blame(err)
		}
	}
	return nil
}

// copy loads some rows of a table.
func (l *loader) copy(ctx context.Context, tx pgx.Tx, t *blueprint, from, to int64, freeze bool) error {
	if from == t.done {
		if slices.ContainsFunc(t.makers, func(m *maker) bool { return m.refersTo() != nil && m.refersTo().judged() }) {
			t.regroup()
		}
		if err := t.recount(ctx, tx, l.triggered()); err != nil {
			return err
		}
		to = min(to, t.count)
	}
	sent := func(rows int64) { l.progress(t, Rows, rows) }
	var err error
	if t.judged() {
		err = t.copyJudged(ctx, tx, from, to, sent)
	} else {
		err = t.copyRows(ctx, tx.Conn().PgConn(), from, to, freeze, sent)
	}
	if err != nil {
		return t.blame(err)
	}
	return nil
}

// finish advances the sequences of a table, and records its number of rows.
func (l *loader) finish(ctx context.Context, tx pgx.Tx, t *blueprint, done int64) error {
	if err := t.setSequences(ctx, tx); err != nil {
		return err
	}
	return l.record(ctx, tx, t, done)
}
