package seed

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// refusal is an error with which Postgres rejected a component.
type refusal struct {
	component int // its number; the number of components for an error at the end
	stage     int // of the component, from 0
	cause     *pgconn.PgError
}

func (r *refusal) Error() string { return r.cause.Error() }

func (w *writer) send(ctx context.Context, tx pgx.Tx) error {
	p := &pipeline{w: w, batch: &pgx.Batch{}}
	for i, c := range w.components {
		if w.staged[c] { // its stages depend on what is in the database
			if err := p.flush(ctx, tx, refusal{component: i}); err != nil {
				return err
			}
		}
		stages, err := w.stagesOf(ctx, tx, c)
		if err != nil {
			return err
		}
		for stage, rows := range stages {
			if err := p.add(ctx, tx, c, rows, refusal{component: i, stage: stage}); err != nil {
				return err
			}
		}
	}
	if !w.asked.dryRun { // a rollback does not reset sequences
		w.queueSequences(p.batch)
	}
	p.batch.Queue("SET CONSTRAINTS ALL IMMEDIATE") // so that deferred constraints fail here and not in the commit
	return p.flush(ctx, tx, refusal{component: len(w.components)})
}

// pipeline sends statements in one round trip.
type pipeline struct {
	w     *writer
	batch *pgx.Batch
	sent  []statement
	of    []refusal // what each statement writes
}

// add adds the statements of a stage of a component.
func (p *pipeline) add(ctx context.Context, tx pgx.Tx, c *component, rows []*row, at refusal) error {
	if len(p.w.away) > 0 {
		if err := p.putBack(ctx, tx, rows, at); err != nil {
			return err
		}
	}
	for _, s := range p.w.statements(c, rows) {
		p.queue(s, at)
	}
	return nil
}

func (p *pipeline) queue(s statement, of refusal) {
	p.batch.Queue(s.sql, s.args...)
	p.sent, p.of = append(p.sent, s), append(p.of, of)
}

// flush sends the statements and counts their results. last is the place of an error after them.
func (p *pipeline) flush(ctx context.Context, tx pgx.Tx, last refusal) error {
	results := tx.SendBatch(ctx, p.batch)
	for i, s := range p.sent {
		if err := p.w.count(results.QueryRow(), s); err != nil {
			_ = results.Close() // the error of the statement is more useful
			return refusedBy(err, p.of[i])
		}
	}
	p.batch, p.sent, p.of = &pgx.Batch{}, nil, nil
	return refusedBy(results.Close(), last)
}

// putBack inserts those of some rows that were taken out, after the statements before.
func (p *pipeline) putBack(ctx context.Context, tx pgx.Tx, rows []*row, of refusal) error {
	if err := p.flush(ctx, tx, of); err != nil {
		return err
	}
	for _, r := range rows {
		if err := p.w.putBack(ctx, tx, r); err != nil {
			return refusedBy(err, of)
		}
	}
	return nil
}

// queueSequences advances every sequence past the values that rows have set in its column, so that later rows of the application do not
// collide with them.
func (w *writer) queueSequences(batch *pgx.Batch) {
	for _, component := range w.components {
		for _, t := range component.tables {
			for c := range t.columns {
				gives := func(r *row) bool { return r.table == t && r.values[c].state == given }
				if t.columns[c].db.sequence == "" || !slices.ContainsFunc(component.rows, gives) {
					continue
				}
				batch.Queue(ledger.AdvanceSequence(t.columns[c].db.sequence, t.columns[c].name, t.Table))
			}
		}
	}
}

func refusedBy(err error, by refusal) error {
	if errors.As(err, &by.cause) {
		return &by
	}
	return err
}
