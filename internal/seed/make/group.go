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

// narrowed are the rows of a reference with which later references can agree.
type narrowed struct {
	by   []narrowing
	once sync.Once
	list []int64
}

// narrowing is a demand on a later reference.
type narrowing struct {
	*demand
	later *pick
}

// canNarrow reports whether it is known which rows later references can agree with.
func (p *pick) canNarrow() bool {
	return !slices.ContainsFunc(p.narrowed.by, func(by narrowing) bool {
		return !by.later.universe.isSettled(by.with) || (!by.own && !p.universe.isSettled(by.at))
	})
}

// rows returns the rows with which later references can agree. It returns false if these are all rows, or if there are none.
func (p *pick) rows() ([]int64, bool) {
	if len(p.narrowed.by) == 0 {
		return nil, false
	}
	p.narrowed.once.Do(func() { p.narrowed.list = p.narrow() })
	return p.narrowed.list, len(p.narrowed.list) > 0
}

func (p *pick) narrow() (list []int64) {
	r := p.universe.blueprint.newSample()
	for number := range min(p.universe.len(), keptRows) {
		fits := func(by narrowing) bool {
			key, ok := p.keyOf(r, by.demand, number)
			return !ok || len(by.of(by.later.universe, by.with, key)) > 0
		}
		if !slices.ContainsFunc(p.narrowed.by, func(by narrowing) bool { return !fits(by) }) {
			list = append(list, number)
		}
	}
	return list
}

// keyOf returns what a row of this reference demands of another one.
func (p *pick) keyOf(r *sample, d *demand, number int64) (key []datum, ok bool) {
	slots := d.at
	if d.own {
		slots = p.keySlots()
	}
	key = make([]datum, len(slots))
	for i, c := range slots {
		if key[i] = p.universe.value(r, number, c); key[i].null {
			return nil, false
		}
	}
	return key, true
}

// len returns the number of rows to choose from.
func (p *pick) len() int64 {
	if list, narrow := p.rows(); narrow {
		return int64(len(list))
	}
	return p.universe.len()
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

// follow fills a reference with the key that another one demands, if it demands that of a row.
func (m *maker) follow(r *sample, number int) bool {
	p := m.pick
	for _, d := range p.demands {
		if d.with != nil {
			return false
		}
		missing := false
		for i, c := range m.slots {
			r.values[c] = d.value(r, i)
			missing = missing || r.values[c].null
		}
		if missing {
			continue
		}
		r.parents[number] = noRow
		if p.locates {
			key := make([]datum, len(m.slots))
			for i, c := range m.slots {
				key[i] = r.values[c]
			}
			if found := p.index.of(p.universe, p.keySlots(), key); len(found) > 0 {
				r.parents[number] = found[0]
			}
		}
		return true
	}
	return false
}

// agreeing chooses a row that agrees with the references that were chosen before.
func (m *maker) agreeing(r *sample) int64 {
	p := m.pick
	if p.universe.blueprint == r.blueprint {
		return m.agreeingInTable(r)
	}
	list, demanded := m.candidates(r)
	switch {
	case !demanded:
		return p.choose(r)
	case len(list) == 0 && !p.required:
		return noRow
	case len(list) == 0:
		r.disagrees = true
		return p.choose(r)
	case m.isPlaced(r):
		return list[r.rest]
	}
	return list[r.rng.IntN(len(list))]
}

// candidates returns the rows that satisfy all demands. It returns false if nothing is demanded.
func (m *maker) candidates(r *sample) (list []int64, demanded bool) {
	for _, d := range m.pick.demands {
		key, ok := d.key(r)
		if !ok || d.with == nil {
			continue
		}
		found := d.of(m.pick.universe, d.with, key)
		if demanded {
			found = slices.DeleteFunc(slices.Clone(found), func(number int64) bool {
				_, both := slices.BinarySearch(list, number)
				return !both
			})
		}
		list, demanded = found, true
	}
	return list, demanded
}

// mostTries is the number of earlier rows of a table that are tried for a reference to the table itself.
const mostTries = 32

// agreeingInTable chooses an earlier row of the same table.
func (m *maker) agreeingInTable(r *sample) int64 {
	p := m.pick
	for range mostTries {
		at := p.choose(r)
		if at < 0 {
			return at
		}
		agrees := func(d *demand) bool {
			for i, c := range d.with {
				demanded, has := d.value(r, i), p.universe.value(r, at, c)
				if !demanded.null && (has.null || !r.blueprint.equal(c, demanded, has)) {
					return false
				}
			}
			return true
		}
		if !slices.ContainsFunc(p.demands, func(d *demand) bool { return !agrees(d) }) {
			return at
		}
	}
	if p.required {
		return itself
	}
	return noRow
}

// equal reports whether two values of a column are the same for Postgres.
func (t *blueprint) equal(c int, a, b datum) bool {
	return string(t.slots[c].appendIdentity(nil, &a)) == string(t.slots[c].appendIdentity(nil, &b))
}
