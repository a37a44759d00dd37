package make

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

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
	slots = t.slotsOf(w[0])
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
