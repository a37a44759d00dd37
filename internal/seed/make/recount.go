package make

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// recount adapts a table to tables that it refers to and that got fewer rows than were requested, and to rows that triggers have inserted.
func (t *blueprint) recount(ctx context.Context, tx pgx.Tx, triggered bool) error {
	short := triggered
	for _, m := range t.makers {
		if of := m.refersTo(); of != nil && of != t && of.missed > 0 {
			short = true
		}
	}
	if !short {
		return nil
	}
	if triggered {
		if err := t.readAgain(ctx, tx); err != nil {
			return err
		}
	}
	for _, m := range t.makers {
		if m.digit >= 0 {
			m.digit, m.steady = -1, false
		}
		m.walk, m.joint = nil, nil
	}
	t.regroup()
	for _, u := range t.uniques {
		u.seen, u.walk, u.walked = nil, nil, 0
	}
	t.spreading, t.closures = spread{}, nil
	before := t.count
	if err := t.prepareChildren(); err != nil {
		return err
	}
	if err := t.prepareUniques(ctx, tx); err != nil {
		return err
	}
	for _, c := range t.rows.slots {
		t.steps(c)
	}
	t.missed += max(0, before-t.count)
	return nil
}

// readAgain reads what depends on the rows of the table, to which triggers of other tables have added some.
func (t *blueprint) readAgain(ctx context.Context, tx pgx.Tx) error {
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+t.quoted()+")").Scan(&t.filled); err != nil {
		return err
	}
	t.rows.there = nil
	if err := t.rows.read(ctx, tx); err != nil {
		return err
	}
	for _, m := range t.makers {
		if up, counts := m.generator.(*upwards); counts {
			if err := t.greatest(ctx, tx, m, up); err != nil {
				return err
			}
		}
	}
	return nil
}
