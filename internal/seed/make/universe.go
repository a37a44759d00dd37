package make

import "slices"

// universe contains the rows of a table to which others may refer: first existing rows, then generated ones.
type universe struct {
	blueprint *blueprint
	slots     []int     // the columns that others use
	there     [][]datum // values of existing rows, in the order of slots
	existing  int64     // the number of existing rows
	made      [][]datum // values of rows generated in this run, in order, up to keptRows
	again     bool      // rows of earlier runs are not in there, but regenerated
}

// first returns the number of the first generated row.
func (u *universe) first() int64 {
	if u.again {
		return 0
	}
	return u.blueprint.done
}

// keptRows is the maximum number of rows of a table that are kept in memory for references. Other rows are regenerated on demand.
const keptRows = 200_000

// here returns the number of rows that exist, if the rows of the table cannot be regenerated, and otherwise the same as len.
func (u *universe) here() int64 {
	if u.blueprint.judged() {
		return u.existing + int64(len(u.made))
	}
	return u.len()
}

// len returns the number of rows to choose from.
func (u *universe) len() int64 {
	if u.blueprint.judged() && u.blueprint.missed > 0 {
		return u.here()
	}
	return u.existing + max(0, u.blueprint.count-u.first())
}

// need adds a column to those that others use.
func (u *universe) need(slot int) {
	if !slices.Contains(u.slots, slot) {
		u.slots = append(u.slots, slot)
		slices.Sort(u.slots)
	}
}

// position returns the index of a column among those that others use.
func (u *universe) position(slot int) int {
	at, _ := slices.BinarySearch(u.slots, slot)
	return at
}

// pick returns the values of the columns that others use.
func (u *universe) pick(values []datum) []datum {
	kept := make([]datum, len(u.slots))
	for i, c := range u.slots {
		kept[i] = values[c]
	}
	return kept
}

// find returns the number of the fixture row with a name, or -1.
func (u *universe) find(name string) int64 {
	key, ok := u.blueprint.named[name]
	if !ok {
		return -1
	}
	t := u.blueprint
	return int64(slices.IndexFunc(u.there, func(sample []datum) bool {
		for slot, text := range key {
			at, known := slices.BinarySearch(u.slots, t.index[slot])
			if !known || t.slots[t.index[slot]].text(&sample[at]) != text {
				return false
			}
		}
		return true
	}))
}

// value returns a column of a row. It regenerates the necessary part of a row that is not in memory.
func (u *universe) value(r *sample, number int64, slot int) datum {
	at := u.position(slot)
	if number < u.existing {
		return u.there[number][at]
	}
	number += u.first() - u.existing
	if kept := number - u.blueprint.done; kept >= 0 && kept < int64(len(u.made)) {
		return u.made[kept][at]
	}
	other := r.others[u.blueprint]
	if other == nil {
		other = u.blueprint.newSample()
		other.number = -1
		r.others[u.blueprint] = other
	}
	if u.blueprint.judged() { // fewer rows could be generated than were requested
		return null
	}
	if steps, steady := u.blueprint.steps(slot); steady {
		other.number, other.attempt = number, 0
		if u.blueprint.per != nil {
			u.blueprint.per.place(other)
		}
		for _, i := range steps {
			u.blueprint.makers[i].fill(other, i)
		}
		return other.values[slot]
	}
	if other.number != number {
		u.blueprint.make(other, number)
	}
	return other.values[slot]
}

// needs returns the makers that a column depends on.
func (t *blueprint) needs(slot int) map[int]bool {
	needed := map[int]bool{}
	var visit func(i int)
	visit = func(i int) {
		if !needed[i] {
			needed[i] = true
			for _, before := range t.makers[i].after {
				visit(before)
			}
		}
	}
	visit(t.filler(slot))
	return needed
}

// steps returns the makers that a column depends on, in order, and whether their values do not depend on the attempt.
func (t *blueprint) steps(slot int) (steps []int, steady bool) {
	if t.closures == nil {
		t.closures = map[int]closure{}
	}
	if c, ok := t.closures[slot]; ok {
		return c.steps, c.steady
	}
	needed := t.needs(slot)
	c := closure{steady: true}
	retries := len(t.checks) > 0 || t.stateful() || t.judged() || t.mayDisagree
	for _, i := range t.order {
		if needed[i] {
			c.steps = append(c.steps, i)
			c.steady = c.steady && (t.makers[i].steady || !retries)
		}
	}
	t.closures[slot] = c
	return c.steps, c.steady
}

// remembers reports whether rows refer to earlier rows of the table by a key that cannot be regenerated separately. Such rows are generated
// one after the other and kept in memory.
func (t *blueprint) remembers() bool {
	unsteady := func(slot int) bool {
		_, steady := t.steps(slot)
		return !steady
	}
	return slices.ContainsFunc(t.makers, func(m *maker) bool { return slices.ContainsFunc(t.ownColumns(m), unsteady) })
}

// ownColumns returns the columns of earlier rows of the same table that a field depends on.
func (t *blueprint) ownColumns(m *maker) (slots []int) {
	own := func(i int) bool { return t.makers[i].refersTo() == t }
	if s, ok := m.generator.(*ordered); ok {
		for _, o := range s.after {
			if o.parent >= 0 && own(o.parent) {
				slots = append(slots, o.at)
			}
		}
	}
	if m.refersTo() == nil {
		return slots
	}
	if m.refersTo() == t {
		slots = append(slots, m.pick.keySlots()...)
	}
	for _, d := range m.pick.demands {
		if !d.own && own(d.from) {
			slots = append(slots, d.at...)
		}
		if m.refersTo() == t {
			slots = append(slots, d.with...)
		}
	}
	return slots
}

// closure contains the makers that a column depends on.
type closure struct {
	steps  []int
	steady bool
}
