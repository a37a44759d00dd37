package generate

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// mostKnown bounds the values of a unique constraint that are read from a table that has rows already.
const mostKnown = 5_000_000

// prepare reads what rows depend on: constants as Postgres reads them, and rows that others refer to.
func (p *Plan) prepare(ctx context.Context, tx pgx.Tx) error {
	for _, t := range p.tables {
		if err := t.rows.read(ctx, tx); err != nil {
			return err
		}
	}
	for _, t := range p.order {
		if err := t.prepare(ctx, tx); err != nil {
			return err
		}
	}
	for _, t := range p.tables {
		if t.spec == nil {
			continue
		}
		for _, c := range t.rows.columns {
			t.steps(c) // before several workers ask
		}
	}
	return nil
}

func (t *table) prepare(ctx context.Context, tx pgx.Tx) error {
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+t.quoted()+")").Scan(&t.filled); err != nil {
		return err
	}
	if err := t.readConstants(ctx, tx); err != nil {
		return err
	}
	for _, m := range t.makers {
		if m.pick != nil {
			if err := t.preparePick(m); err != nil {
				return err
			}
		}
		if up, ok := m.source.(*upwards); ok {
			if err := t.greatest(ctx, tx, m, up); err != nil {
				return err
			}
		}
		for _, c := range m.columns { // what the database makes is left to it
			if s, constant := m.source.(*constant); constant && s.null && m.pick == nil && (t.columns[c].fills || t.columns[c].computed) {
				m.filled = false
			}
		}
	}
	if err := t.prepareChildren(); err != nil {
		return err
	}
	if err := t.prepareSpread(); err != nil {
		return err
	}
	for _, u := range t.uniques {
		if u.seen != nil {
			if err := t.known(ctx, tx, u); err != nil {
				return err
			}
			if u.total > 0 && t.spec.Place == "" {
				t.count = min(t.count, t.done+u.total-int64(len(u.seen)))
			}
		}
	}
	return nil
}

// preparePick finds the rows that are named, and sees that there are any.
func (t *table) preparePick(m *maker) error {
	p := m.pick
	if p.of != nil || p.nothing {
		return nil
	}
	for _, n := range p.names {
		_, name, _ := strings.Cut(n.Value, ".")
		at := p.universe.find(name)
		if at < 0 {
			return fault.New(fault.NotFound, "", fmt.Sprintf("%s: there is no row %s for %s", t.spec.Place, n.Value, label(m.field)),
				"The rows of fixtures that generators pick from have names, and are loaded with them.")
		}
		p.only = append(p.only, at)
	}
	if p.universe.len() == 0 && m.field.Type.NonNull && p.universe.table != t {
		return fault.New(fault.Conflict, "", fmt.Sprintf("%s has no rows that %s could refer to", p.universe.table.typ.Table, label(m.field)),
			fmt.Sprintf("Make some first: generate: {%s: {count: 100}}.", p.universe.table.typ.Name))
	}
	return nil
}

// greatest finds the number from which on a column counts.
func (t *table) greatest(ctx context.Context, tx pgx.Tx, m *maker, up *upwards) error {
	c := t.columns[m.columns[0]]
	err := tx.QueryRow(ctx, fmt.Sprintf("SELECT coalesce(max(%s), 0)::bigint FROM %s", pg.QuoteIdent(c.name), t.quoted())).Scan(&up.after)
	if low, high := c.bounds(); err == nil && float64(up.after+t.count-t.done) > high {
		return fault.New(fault.Invalid, "", fmt.Sprintf("%s ends at %s, so %d more rows have no number of their own", label(m.field), short(high), t.count-t.done))
	} else if float64(up.after) < low-1 {
		up.after = int64(low) - 1
	}
	return err
}

// prepareChildren gives each parent its number of rows.
func (t *table) prepareChildren() error {
	if t.per == nil {
		return nil
	}
	m := t.makers[t.per.maker]
	n := m.pick.universe.len()
	t.per.upTo = make([]int64, n)
	r := t.newRow()
	sum := int64(0)
	for i := range n {
		r.rng.seek(salt(t.seed, "per"), i, 0)
		sum += countOf(t.spec.Per.count, r)
		t.per.upTo[i] = sum
	}
	if t.count = sum; sum > mostRows {
		return fault.New(fault.Invalid, "", fmt.Sprintf("%s: that makes %d rows of %s", t.spec.Place, sum, t.typ.Table))
	}
	return nil
}

// prepareSpread decides how rows differ where a key has several fields or few values: by giving each another combination, where
// that can be, or by remembering which there were.
func (t *table) prepareSpread() error {
	for _, u := range t.uniques {
		sizes := make([]int64, len(u.fields))
		total, finite := int64(1), true
		for i, f := range u.fields {
			m := t.makers[t.makerOf(f)]
			size := t.sizeOf(m)
			sizes[i] = size
			if finite = finite && size > 0 && m.null == 0; finite && total < mostRows {
				total *= size
			}
		}
		if finite {
			u.total = total
		}
		if guessed := t.spec.Place == ""; finite && guessed {
			t.count = min(t.count, total)
		} else if finite && total < t.count {
			return fault.New(fault.Invalid, "", fmt.Sprintf("%s: no two rows of %s may have the same %s, and there are only %d for %d rows",
				t.spec.Place, t.typ.Table, names(u.fields), total, t.count), "Ask for fewer rows, or allow more values.")
		}
		free := finite && t.spreading.sizes == nil && !t.filled && t.per == nil
		for _, f := range u.fields {
			m := t.makers[t.makerOf(f)]
			free = free && m.digit < 0 && t.evenly(m)
		}
		if !free {
			u.seen = map[uint64]struct{}{}
			if finite {
				t.walkable(u, sizes, total)
			}
			continue
		}
		t.spreading = spread{sizes, newShuffle(total, t.seed)}
		for i, f := range u.fields {
			m := t.makers[t.makerOf(f)]
			m.digit, m.steady = i, true
			m.digits()
		}
	}
	return nil
}

// digits makes the source of a field one that can make each of its values in turn.
func (m *maker) digits() {
	if s, ok := m.source.(*moments); ok {
		m.source = days{s}
	}
}

// walkable lets rows for which no combination is found by chance try one after the other.
func (t *table) walkable(u *uniqueness, sizes []int64, total int64) {
	for _, f := range u.fields {
		if m := t.makers[t.makerOf(f)]; m.digit >= 0 || m.walk != nil || t.per != nil && t.makers[t.per.maker] == m {
			return
		}
	}
	u.walk = &spread{sizes, newShuffle(total, t.seed)}
	for i, f := range u.fields {
		m := t.makers[t.makerOf(f)]
		m.walk, m.walkDigit = u, i
	}
}

// sizeOf is how many values a field can have, 0 for who knows.
func (t *table) sizeOf(m *maker) int64 {
	switch s := m.source.(type) {
	case nil:
		switch {
		case m.pick.of != nil:
			return 0
		case m.pick.only != nil:
			return int64(len(m.pick.only))
		case m.pick.universe.table == t:
			return 0
		}
		return m.pick.universe.len()
	case digital:
		return s.size()
	case *moments:
		if s.day {
			return days{s}.size()
		}
	}
	return 0
}

// evenly reports whether all values of a field are as likely, so that another way to choose them is as good.
func (t *table) evenly(m *maker) bool {
	if m.pick != nil {
		return m.pick.rank == nil && m.pick.only == nil
	}
	switch s := m.source.(type) {
	case *choice:
		return s.rank == nil && (s.upTo == nil || t.spec.made[m.field.Name] == nil)
	case *moments:
		return s.hours == nil && s.weekend == 1 && s.power == 1
	}
	return true
}

// known reads the values that the rows which are there have.
func (t *table) known(ctx context.Context, tx pgx.Tx, u *uniqueness) error {
	if !t.filled {
		return nil
	}
	columns := make([]string, len(u.columns))
	for i, c := range u.columns {
		columns[i] = pg.QuoteIdent(t.columns[c].name)
	}
	rows, err := tx.Query(ctx, fmt.Sprintf("SELECT %s FROM %s LIMIT %d", strings.Join(columns, ", "), t.quoted(), mostKnown),
		pgx.QueryResultFormats{pgx.BinaryFormatCode})
	if err != nil {
		return err
	}
	defer rows.Close()
	values := make([]datum, len(t.columns))
	for rows.Next() {
		for i, raw := range rows.RawValues() {
			values[u.columns[i]] = t.columns[u.columns[i]].decode(raw)
		}
		if h, ok := u.hash(values, t.columns); ok {
			u.seen[h] = struct{}{}
		}
	}
	return rows.Err()
}

// read reads the rows that are there and that others may refer to; of very many, some.
func (u *universe) read(ctx context.Context, tx pgx.Tx) error {
	if len(u.columns) == 0 {
		return nil
	}
	t := u.table
	columns := make([]string, len(u.columns))
	for i, c := range u.columns {
		columns[i] = pg.QuoteIdent(t.columns[c].name)
	}
	var keys []string
	for _, f := range t.typ.Key {
		for _, c := range t.columnsOf(f) {
			keys = append(keys, pg.QuoteIdent(t.columns[c].name))
		}
	}
	// Texts in the order of their bytes, which is the same on every machine.
	for i, f := range t.typ.Key {
		if len(keys) == len(t.typ.Key) && isText(keyField(f)) {
			keys[i] += ` COLLATE "C"`
		}
	}
	rows, err := tx.Query(ctx, fmt.Sprintf("SELECT %s FROM %s ORDER BY %s LIMIT %d", strings.Join(columns, ", "), t.quoted(), strings.Join(keys, ", "), keptRows),
		pgx.QueryResultFormats{pgx.BinaryFormatCode})
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row := make([]datum, len(u.columns))
		for i, raw := range rows.RawValues() {
			row[i] = t.columns[u.columns[i]].decode(raw)
		}
		u.there = append(u.there, row)
	}
	u.existing = int64(len(u.there))
	return rows.Err()
}
