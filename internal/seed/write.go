package seed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/pg"
)

// writer writes rows within one transaction.
type writer struct {
	tx         pgx.Tx
	components []*component
	now        time.Time
	counts     map[*table]*TableSummary
}

// write writes all rows and runs the SQL files, or does nothing.
func write(ctx context.Context, db pg.Beginner, all *fixtures, at time.Time) (Summary, error) {
	var summary Summary
	err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
		w := &writer{tx: tx, components: inOrder(all.rows), now: at, counts: map[*table]*TableSummary{}}
		// Two loads at once would race to insert the same rows: the second waits for the first.
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('krowoc seed'))", pgx.QueryExecModeExec); err != nil {
			return err
		}
		if err := describeTables(ctx, tx, w.components); err != nil {
			return err
		}
		for _, r := range all.rows {
			r.fill(at)
		}
		if err := missing(w.components); err != nil {
			return err
		}
		if err := w.load(ctx); err != nil {
			return err
		}
		summary = w.summary()
		var err error
		summary.SQL, err = runScripts(ctx, tx, all.scripts)
		return err
	})
	if err != nil {
		return Summary{}, pg.Fault(op, err)
	}
	return summary, nil
}

// statements returns what writes the rows of a component: one statement for each group of rows, or a single
// one where rows refer to one another.
func (w *writer) statements(c *component, rows []*row) []statement {
	now := w.now.UTC().Format(time.RFC3339Nano)
	list := groups(rows)
	if c.cyclic && len(list) > 0 {
		return []statement{newStatement(list, now)}
	}
	statements := make([]statement, len(list))
	for i, g := range list {
		statements[i] = newStatement([]*group{g}, now)
	}
	return statements
}

// refusal is an error with which Postgres refused to write a component.
type refusal struct {
	component int // its number; the number of components for an error at the end
	cause     *pgconn.PgError
}

func (r *refusal) Error() string { return r.cause.Error() }

// load sends every statement in one round trip. If Postgres refuses a row, it goes back and finds which.
func (w *writer) load(ctx context.Context) error {
	err := w.savepoint(ctx, func(tx pgx.Tx) error { return w.send(ctx, tx) })
	var refused *refusal
	if errors.As(err, &refused) {
		return w.blame(ctx, refused)
	}
	return err
}

// savepoint runs fn in a savepoint, which an error of fn rolls back.
func (w *writer) savepoint(ctx context.Context, fn func(tx pgx.Tx) error) error {
	return pg.InTx(ctx, w.tx, fn)
}

func (w *writer) send(ctx context.Context, tx pgx.Tx) error {
	batch := &pgx.Batch{}
	var sent []statement
	var of []int
	for i, c := range w.components {
		for _, s := range w.statements(c, c.rows) {
			batch.Queue(s.sql, s.args...)
			sent, of = append(sent, s), append(of, i)
		}
	}
	w.queueSequences(batch)
	batch.Queue("SET CONSTRAINTS ALL IMMEDIATE") // so that what is deferred fails here, not in the commit
	results := tx.SendBatch(ctx, batch)
	for i, s := range sent {
		if err := w.count(results.QueryRow(), s); err != nil {
			_ = results.Close() // the error of the statement says more
			return refusedBy(err, of[i])
		}
	}
	return refusedBy(results.Close(), len(w.components))
}

// queueSequences moves every sequence past the values that rows gave for its column, so that the next row
// of the application does not meet them.
func (w *writer) queueSequences(batch *pgx.Batch) {
	for _, component := range w.components {
		for _, t := range component.tables {
			for c := range t.columns {
				gives := func(r *row) bool { return r.table == t && r.values[c].state == given }
				if t.columns[c].db.sequence == "" || !slices.ContainsFunc(component.rows, gives) {
					continue
				}
				sequence := t.columns[c].db.sequence
				batch.Queue(fmt.Sprintf(`SELECT setval(%s, highest) FROM (SELECT max(%s) AS highest FROM %s) AS m, %s AS s
					WHERE highest > CASE WHEN s.is_called THEN s.last_value ELSE s.last_value - 1 END`,
					pg.QuoteLiteral(sequence), pg.QuoteIdent(t.columns[c].name), pg.QuoteIdent(t.Table), sequence))
			}
		}
	}
}

func refusedBy(err error, component int) error {
	var cause *pgconn.PgError
	if errors.As(err, &cause) {
		return &refusal{component: component, cause: cause}
	}
	return err
}

// count adds what a statement did.
func (w *writer) count(result pgx.Row, s statement) error {
	counts := make([]int64, 2*len(s.groups))
	targets := make([]any, len(counts))
	for i := range counts {
		targets[i] = &counts[i]
	}
	if err := result.Scan(targets...); err != nil {
		return err
	}
	for i, g := range s.groups {
		t := w.counts[g.table]
		if t == nil {
			t = &TableSummary{Table: g.table.Table}
			w.counts[g.table] = t
		}
		updated, inserted := int(counts[2*i]), int(counts[2*i+1])
		t.Updated += updated
		t.Inserted += inserted
		t.Unchanged += len(g.rows) - updated - inserted
	}
	return nil
}

func (w *writer) summary() Summary {
	s := Summary{Tables: []TableSummary{}} // an empty list in JSON, not null
	for _, c := range w.components {
		for _, t := range c.tables {
			s.Tables = append(s.Tables, *w.counts[t])
		}
	}
	return s
}
