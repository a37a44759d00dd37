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

// value returns one column of the demanded key; null if nothing is demanded.
func (d *demand) value(r *sample, i int) datum {
	if d.own {
		return r.values[d.at[i]]
	}
	if number := r.parents[d.from]; number >= 0 {
		return r.blueprint.makers[d.from].pick.universe.value(r, number, d.at[i])
	}
	return null
}

// key returns the demanded key, or false if nothing is demanded.
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
