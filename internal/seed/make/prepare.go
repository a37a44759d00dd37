package make

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// prepare reads everything that rows depend on: constants, which Postgres parses, and rows to which others refer.
func (p *Generation) prepare(ctx context.Context, tx pgx.Tx) error {
	for _, t := range p.blueprints {
		if err := t.rows.read(ctx, tx); err != nil {
			return err
		}
	}
	for _, t := range p.order {
		if err := t.prepare(ctx, tx); err != nil {
			return err
		}
	}
	for _, e := range p.early {
		if err := e.predictable(p); err != nil {
			return err
		}
	}
	for _, t := range p.blueprints {
		if t.spec == nil {
			continue
		}
		t.closures = nil
		for _, c := range t.rows.slots {
			t.steps(c) // cache it before several workers need it
		}
	}
	return nil
}

func (t *blueprint) prepare(ctx context.Context, tx pgx.Tx) error {
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+t.quoted()+")").Scan(&t.filled); err != nil {
		return err
	}
	if err := t.readConstants(ctx, tx); err != nil {
		return err
	}
	for _, m := range t.makers {
		if err := t.prepareMaker(ctx, tx, m); err != nil {
			return err
		}
	}
	if err := t.prepareChildren(); err != nil {
		return err
	}
	return t.prepareUniques(ctx, tx)
}

// prepareMaker reads what a field depends on. The database fills a column that it can fill and that would be null.
func (t *blueprint) prepareMaker(ctx context.Context, tx pgx.Tx, m *maker) error {
	if m.pick != nil {
		return t.preparePick(m)
	}
	switch s := m.generator.(type) {
	case *upwards:
		return t.greatest(ctx, tx, m, s)
	case counter:
		return t.checkSequence(m, s)
	case *constant:
		byDatabase := func(c int) bool { return t.slots[c].fills || t.slots[c].computed }
		if s.null && !m.explicit && slices.ContainsFunc(m.slots, byDatabase) {
			m.filled = false
		}
	}
	return nil
}

// checkSequence checks that the column can hold all numbers of a sequence.
func (t *blueprint) checkSequence(m *maker, s counter) error {
	low, high := t.slots[m.slots[0]].bounds()
	last := float64(s.start) + float64(s.step)*float64(t.count-1)
	if float64(s.start) >= low && last <= high {
		return nil
	}
	return fault.New(fault.Invalid, "", fmt.Sprintf("%s: the sequence of %s runs from %d to %s, but its values must be from %s to %s",
		t.spec.Place, label(m.field), s.start, short(last), short(low), short(high)), "Start it at a smaller number, or ask for fewer rows.")
}

// preparePick finds the named rows, and checks that rows exist.
func (t *blueprint) preparePick(m *maker) error {
	p := m.pick
	if p.of != nil || p.nothing {
		return nil
	}
	for _, n := range p.names {
		_, name, _ := strings.Cut(n.Value, ".")
		at := p.universe.find(name)
		if at < 0 {
			return fault.New(fault.NotFound, "", fmt.Sprintf("%s: there is no row %s for %s", t.spec.Place, n.Value, label(m.field)),
				"Give the fixture row this name, and load its set in the same run.")
		}
		p.only = append(p.only, at)
	}
	if p.universe.len() == 0 && m.field.Type.NonNull && p.universe.blueprint != t {
		return p.universe.blueprint.isEmpty(m.field)
	}
	return nil
}

// isEmpty is the error for a reference to a table without rows.
func (t *blueprint) isEmpty(reference *schema.Field) error {
	hint := fmt.Sprintf("Generate some first: generate: {%s: {count: 100}}.", t.typ.Name)
	if t.outside {
		hint = fmt.Sprintf("Insert rows into %s first, since rows are only generated for the types of the schema, or leave the table out with --generate %s=0.", t.typ.Table, reference.Owner.Name)
	}
	return fault.New(fault.Conflict, "", fmt.Sprintf("%s has no rows that %s could refer to", t.typ.Table, label(reference)), hint)
}

// greatest finds the number after which a column counts.
func (t *blueprint) greatest(ctx context.Context, tx pgx.Tx, m *maker, up *upwards) error {
	c := t.slots[m.slots[0]]
	err := tx.QueryRow(ctx, fmt.Sprintf("SELECT coalesce(max(%s), 0)::bigint FROM %s", pg.QuoteIdent(c.name), t.quoted())).Scan(&up.after)
	low, high := c.bounds()
	if float64(up.after) < low-1 {
		up.after = int64(low) - 1
	}
	if left := high - float64(up.after); err == nil && float64(t.count-t.done) > left {
		return t.limit(t.done+int64(max(left, 0)), fmt.Sprintf("no two rows of %s may have the same %s, which ends at %s", t.typ.Table, m.field.Name, short(high)))
	}
	return err
}

// prepareChildren determines the number of rows of each parent.
func (t *blueprint) prepareChildren() error {
	if t.per == nil {
		return nil
	}
	m := t.makers[t.per.maker]
	n := m.pick.universe.len()
	t.per.upTo = make([]int64, n)
	t.basis = m.pick.universe.fingerprint()
	r := t.newSample()
	sum := int64(0)
	for i := range n {
		r.rng.seek(salt(t.seed, "per"), i, 0)
		sum += countOf(t.spec.Per.count, r)
		t.per.upTo[i] = sum
	}
	if t.done > 0 && t.basis != t.before.Basis {
		return t.otherParents(m)
	}
	if t.count = sum; sum > mostRows {
		return fault.New(fault.Invalid, "", fmt.Sprintf("%s: this would generate %d rows of %s; the limit is %d", t.spec.Place, sum, t.typ.Table, mostRows))
	}
	return nil
}
