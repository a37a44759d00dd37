package make

import (
	"slices"
	"sync"
)

// grouping contains the numbers of the rows of a table by the values of some columns. It is created when it is first used.
type grouping struct {
	once sync.Once
	rows map[string][]int64
}

// of returns the rows with some values.
func (g *grouping) of(u *universe, slots []int, values []datum) []int64 {
	g.once.Do(func() { g.rows = u.group(slots) })
	return g.rows[string(u.blueprint.identity(nil, slots, values))]
}

// group returns the numbers of the first rows by the values of some columns.
func (u *universe) group(slots []int) map[string][]int64 {
	r, groups := u.blueprint.newSample(), map[string][]int64{}
	values := make([]datum, len(slots))
	var key []byte
	for number := range min(u.len(), keptRows) {
		for i, c := range slots {
			values[i] = u.value(r, number, c)
		}
		if !slices.ContainsFunc(values, func(d datum) bool { return d.null }) {
			key = u.blueprint.identity(key[:0], slots, values)
			groups[string(key)] = append(groups[string(key)], number)
		}
	}
	return groups
}

// identity appends what identifies values of some columns.
func (t *blueprint) identity(b []byte, slots []int, values []datum) []byte {
	for i, c := range slots {
		b = t.slots[c].appendIdentity(b, &values[i])
	}
	return b
}

// isSettled reports whether columns of all rows are known: the rows are in memory, or no attempt and no row of another table changes these
// columns.
func (u *universe) isSettled(slots []int) bool {
	t := u.blueprint
	if t.remaining() <= 0 || t.spec == nil || int64(len(u.made)) == t.remaining() {
		return true
	}
	if t.judged() {
		return false
	}
	return !slices.ContainsFunc(slots, func(c int) bool {
		steps, steady := t.steps(c)
		return !steady || slices.ContainsFunc(steps, func(i int) bool { return !t.makers[i].isSettled() })
	})
}

// isSettled reports whether the rows that a reference chooses among are known.
func (m *maker) isSettled() bool {
	p := m.pick
	if p == nil || p.universe == nil {
		return true
	}
	used := p.keySlots()
	for _, d := range p.demands {
		used = append(used, d.with...)
	}
	return p.universe.blueprint.typ == m.field.Owner || p.universe.isSettled(used) && p.canNarrow()
}

// keySlots returns the columns to which a reference refers.
func (p *pick) keySlots() (slots []int) {
	for i := range p.field.Relation.References {
		slots = append(slots, p.universe.blueprint.keySlot(p.field, i))
	}
	return slots
}

// regroup forgets which rows agree, since there are others.
func (t *blueprint) regroup() {
	for _, m := range t.makers {
		if m.pick == nil {
			continue
		}
		m.pick.index, m.pick.narrowed = grouping{}, narrowed{by: m.pick.narrowed.by}
		for _, d := range m.pick.demands {
			*d.grouping = grouping{}
		}
	}
}
