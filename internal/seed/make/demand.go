package make

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// demand is what another reference of the row demands of a reference, so that both agree.
type demand struct {
	from int   // the number of the other reference
	own  bool  // its own columns have the key that must agree; otherwise columns of the row that it leads to
	at   []int // these columns
	with []int // the columns of the row to choose that must have this key; nil if it is the row with this key
	sure bool  // the key is never null
	*grouping
}

// value returns the demanded key, or false if there is none.
func (d *demand) value(r *sample, i int) datum {
	if d.own {
		return r.values[d.at[i]]
	}
	if number := r.parents[d.from]; number >= 0 {
		return r.blueprint.makers[d.from].pick.universe.value(r, number, d.at[i])
	}
	return null
}

// key returns the demanded key.
func (d *demand) key(r *sample) (key []datum, ok bool) {
	key = make([]datum, len(d.at))
	for i := range d.at {
		if key[i] = d.value(r, i); key[i].null {
			return nil, false
		}
	}
	return key, true
}

// agree lets references agree with each other, in tables whose rows are generated. References that the recipe describes do not change:
// others agree with them.
func (p *Generation) agree() {
	for _, t := range p.order {
		a := agreeing{Generation: p, blueprint: t, members: map[int]int{}}
		order, all := routes(t.typ)
		for _, m := range order {
			a.join(all[m])
		}
		if len(a.pairs) == 0 {
			continue
		}
		a.demand()
		a.narrow()
	}
	for _, t := range p.order {
		t.steadyReferences()
		for _, m := range t.makers {
			for _, o := range m.operands {
				if o.parent >= 0 {
					t.locate(o.parent)
				}
			}
		}
	}
}

// agreeing finds the order in which the references of a table are chosen, so that each one agrees with those before it.
type agreeing struct {
	*Generation
	*blueprint
	pairs   [][2]route
	members map[int]int // the longest route that begins with a reference, by its number
}

// join notes which of the routes of one meaning must agree.
func (a *agreeing) join(list []route) {
	list = slices.DeleteFunc(slices.Clone(list), func(w route) bool { return !a.chooses(w[0]) })
	for i, w := range list {
		for _, other := range list[:i] {
			if !w.apart(other) || (a.says(w[0]) && a.says(other[0])) {
				continue
			}
			a.pairs = append(a.pairs, [2]route{other, w})
			for _, of := range []route{w, other} {
				a.members[a.makerOf(of[0])] = max(a.members[a.makerOf(of[0])], len(of))
			}
		}
	}
}

// chooses reports whether a reference chooses among rows that are known when it does.
func (a *agreeing) chooses(f *schema.Field) bool {
	at := a.makerOf(f)
	if at < 0 {
		return false
	}
	m := a.makers[at]
	early := slices.ContainsFunc(a.early, func(e early) bool { return e.by == m })
	return m.refersTo() != nil && !early
}

// demand turns the pairs into demands on the later one of both references.
func (a *agreeing) demand() {
	done := map[int]bool{}
	for range len(a.members) {
		next := a.next(done)
		if next < 0 { // the recipe has a circle
			return
		}
		for _, pair := range a.pairs {
			for i, w := range pair {
				if other := pair[1-i]; a.makerOf(w[0]) == next && done[a.makerOf(other[0])] {
					a.add(other, w)
				}
			}
		}
		done[next] = true
	}
}

// next returns the reference that is chosen next: one that does not depend on others that are left.
func (a *agreeing) next(done map[int]bool) int {
	best := -1
	for i := range a.makers {
		if _, member := a.members[i]; !member || done[i] || a.waits(i, done) {
			continue
		}
		if best < 0 || a.before(i, best, done) {
			best = i
		}
	}
	return best
}

// waits reports whether a reference depends on another one that has no place yet.
func (a *agreeing) waits(i int, done map[int]bool) bool {
	needed := a.after(i)
	for other := range a.members {
		if other != i && !done[other] && needed[other] {
			return true
		}
	}
	return false
}

// after returns the makers that must come before one.
func (t *blueprint) after(i int) map[int]bool {
	needed := map[int]bool{}
	var visit func(i int)
	visit = func(i int) {
		for _, before := range t.makers[i].after {
			if before >= 0 && !needed[before] {
				needed[before] = true
				visit(before)
			}
		}
	}
	visit(i)
	return needed
}

// freedom is how freely the rows of a reference can be chosen.
type freedom int

const (
	given    freedom = iota // by the recipe, or one after the other
	unshared                // each row once
	combined                // each combination with other fields once
	free
)

func (a *agreeing) freedomOf(i int) freedom {
	m := a.makers[i]
	f := m.field
	single := func(u schema.Unique) bool { return len(u.Fields) == 1 && u.Fields[0] == f }
	switch {
	case a.says(f):
		return given
	case f.Unique || a.isAlone(f) || slices.ContainsFunc(a.sets(), single):
		return unshared
	case slices.ContainsFunc(a.sets(), func(u schema.Unique) bool { return slices.Contains(u.Fields, f) && isFew(u.Fields) }):
		return combined
	}
	return free
}

// sets returns the sets of fields that are unique.
func (t *blueprint) sets() []schema.Unique {
	sets := append([]schema.Unique{{Fields: t.typ.Key}}, t.typ.Uniques...)
	if t.facts == nil {
		return sets
	}
	for _, u := range t.facts.uniques {
		if fields := t.madeOf(u.columns); fields != nil {
			sets = append(sets, schema.Unique{Fields: fields})
		}
	}
	return sets
}

// isFew reports whether fields probably have few values, so that their combinations may run out.
func isFew(fields []*schema.Field) bool {
	return !slices.ContainsFunc(fields, func(f *schema.Field) bool {
		return !isOne(f) && f.Type.Enum == nil && f.Type.Scalar != schema.Boolean && f.Type.Scalar != schema.Date
	})
}

// before reports whether one reference is chosen before another one: the less free one first, and then the one that says more about others.
// Of two that must both be unique, the one that says less comes first: different projects have different tasks.
func (a *agreeing) before(i, other int, done map[int]bool) bool {
	one, two := a.freedomOf(i), a.freedomOf(other)
	by, otherBy := a.determiners(i, done), a.determiners(other, done)
	switch {
	case one != two:
		return one < two
	case one == free && by != otherBy:
		return by < otherBy
	case a.members[i] == a.members[other]:
		return i < other
	case one == unshared:
		return a.members[i] < a.members[other]
	}
	return a.members[i] > a.members[other]
}

// determiners returns how many of the references that are left lead to a row with the key of a reference.
func (a *agreeing) determiners(at int, done map[int]bool) (n int) {
	for _, pair := range a.pairs {
		for i, w := range pair {
			if other := pair[1-i]; len(w) == 1 && a.makerOf(w[0]) == at && !done[a.makerOf(other[0])] {
				n++
			}
		}
	}
	return n
}

// add adds the demand of a reference on a later one.
func (a *agreeing) add(first, later route) {
	at := a.makerOf(later[0])
	m := a.makers[at]
	if a.freedomOf(at) == given {
		return
	}
	from := a.makerOf(first[0])
	d := &demand{from: from, own: len(first) == 1, sure: isSure(first), grouping: &grouping{}}
	if slices.ContainsFunc(m.pick.demands, func(o *demand) bool { return o.sure && o.with == nil }) {
		return // it is determined
	}
	ok := true
	if d.own {
		d.at = a.makers[from].slots
	} else {
		d.at, ok = a.carry(a.makers[from].refersTo(), first[1:])
		a.locate(from)
	}
	if len(later) > 1 && ok {
		d.with, ok = a.carry(m.refersTo(), later[1:])
	}
	if !ok {
		return
	}
	m.pick.demands = append(m.pick.demands, d)
	slices.SortStableFunc(m.pick.demands, func(a, b *demand) int { return len(a.with) - len(b.with) })
	m.after = append(m.after, from)
}

// narrow lets references choose only rows with which later ones can agree. Where that is not certain, a row is generated again.
func (a *agreeing) narrow() {
	for _, m := range a.makers {
		if m.pick == nil || !m.pick.required {
			continue
		}
		for _, d := range m.pick.demands {
			if d.with == nil {
				continue
			}
			from := a.makers[d.from]
			if len(m.pick.demands) > 1 || len(from.pick.demands) > 0 || a.says(from.field) || from.refersTo() == a.blueprint {
				a.mayDisagree = true
				continue
			}
			from.pick.narrowed.by = append(from.pick.narrowed.by, narrowing{d, m.pick})
		}
	}
}

// steadyReferences lets references that others depend on stay the same in all attempts to generate a row, so that they are known before.
func (t *blueprint) steadyReferences() {
	if t.mayDisagree || len(t.checks) > 0 || t.judged() {
		return
	}
	a := agreeing{blueprint: t}
	for _, c := range t.rows.slots {
		for i := range t.needs(c) {
			if m := t.makers[i]; m.pick != nil && a.freedomOf(i) == free {
				m.steady = true
			}
		}
	}
}

// isSure reports whether a route always leads to a row.
func isSure(w route) bool {
	return !slices.ContainsFunc(w, func(f *schema.Field) bool { return !f.Type.NonNull }) && w[0].Relation.Target != w[0].Owner
}

// locate makes a reference that takes its key from another one find the number of its row, since others use columns of this row.
func (t *blueprint) locate(i int) {
	if t.makers[i].refersTo() == nil {
		return
	}
	p := t.makers[i].pick
	p.locates = true
	for _, c := range p.keySlots() {
		p.universe.need(c)
	}
}

// carry returns the columns of a table that have the key at the end of a route. If the route has several steps, the table gets columns of
// its own for it, which are not written. It returns false if the database fills one of them.
func (p *Generation) carry(t *blueprint, w route) (slots []int, ok bool) {
	slots, ok = t.slotsOf(w[0]), true
	if len(w) > 1 {
		if slots, ok = p.carried(t, w); !ok {
			return nil, false
		}
	}
	for _, c := range slots {
		if t.spec != nil && t.filler(c) < 0 {
			return nil, false
		}
		t.rows.need(c)
	}
	return slots, true
}

// carried returns the columns for a route of several steps.
func (p *Generation) carried(t *blueprint, w route) (slots []int, ok bool) {
	next := p.blueprintOf(w[0].Relation.Target, t, t.seed)
	keys, ok := p.carry(next, w[1:])
	via := t.makerOf(w[0])
	if !ok || (t.spec != nil && (via < 0 || t.makers[via].refersTo() == nil)) {
		return nil, false
	}
	for _, key := range keys {
		name := w.String() + "." + next.slots[key].name
		at, known := t.index[name]
		if !known {
			at = len(t.slots)
			t.index[name] = at
			t.slots = append(t.slots, &slot{name: name, carried: next.slots[key], via: w[0], field: next.slots[key].field, unit: 1})
			if via >= 0 {
				o := &operand{path: name, slot: next.slots[key], at: key, parent: via}
				f := &schema.Field{Name: name, Owner: t.typ, Type: w.last().Type}
				t.makers = append(t.makers, &maker{field: f, slots: []int{at}, digit: -1, steady: true, rule: rule{generator: same{o}}, after: []int{via}})
				t.locate(via)
			}
		}
		slots = append(slots, at)
	}
	return slots, true
}

// filler returns the number of the maker that fills a column, or -1.
func (t *blueprint) filler(c int) int {
	return slices.IndexFunc(t.makers, func(m *maker) bool { return slices.Contains(m.slots, c) })
}
