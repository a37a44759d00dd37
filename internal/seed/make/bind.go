package make

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// bind resolves the operands of a generator.
func (r *Reader) bind(t *blueprint, m *maker) {
	if m.generator != nil {
		for _, o := range m.generator.operands() {
			r.operand(t, m, o)
		}
	}
	if m.pick != nil && m.pick.of != nil {
		r.operand(t, m, m.pick.of)
		if of := m.pick.of; of.slot != nil && !of.leadsTo(m.field.Relation.Target) {
			r.fail(of.node, "wrong-type", "", "%s is not the key of a row of %s", of.path, m.field.Relation.Target.Table)
			of.slot = nil
		}
	}
	for i, a := range m.after { // a column that must be filled first
		if a < 0 {
			m.after[i] = slices.IndexFunc(t.makers, func(o *maker) bool { return slices.Contains(o.slots, -1-a) })
		}
	}
}

// operand resolves the path of an operand.
func (r *Reader) operand(t *blueprint, m *maker, o *operand) {
	m.operands = append(m.operands, o)
	name, inner, nested := strings.Cut(o.path, ".")
	f := t.typ.Field(name)
	at := -1
	if f != nil {
		at = t.makerOf(f)
	}
	if at < 0 {
		r.failAt(o.node, "unknown-field", oneOf(madeFields(t.typ)), "%s has no field %q that is generated here", t.typ.Name, name)
		return
	}
	m.after = append(m.after, at)
	if !nested {
		o.parent, o.field, o.many = -1, f, t.slotsOf(f)
		o.at = o.many[0]
		o.slot = t.slots[o.at]
		return
	}
	p := t.makers[at].pick
	if p == nil || p.of != nil {
		r.failAt(o.node, "wrong-type", "", "%s.%s is not a picked reference, so it has no %s", t.typ.Name, name, inner)
		return
	}
	other := p.universe.blueprint
	target := other.typ.Field(inner)
	if target == nil || len(target.Columns()) == 0 {
		r.failAt(o.node, "unknown-field", oneOf(madeFields(other.typ)), "%s has no field %q", other.typ.Name, inner)
		return
	}
	o.parent, o.field, o.many = at, target, other.slotsOf(target)
	o.at = o.many[0]
	o.slot = other.slots[o.at]
	for _, c := range o.many {
		p.universe.need(c)
	}
}

func (r *Reader) failAt(n *yaml.Node, code, remedy, format string, args ...any) {
	if n == nil {
		n = &yaml.Node{}
	}
	r.fail(n, code, remedy, format, args...)
}

// sort orders the makers of a table.
func (r *Reader) sort(t *blueprint) {
	state := make([]int, len(t.makers))
	var visit func(i int) bool
	visit = func(i int) bool {
		if state[i] != 0 {
			return state[i] == 2
		}
		state[i] = 1
		for _, before := range t.makers[i].after {
			itself := before == i && t.makers[i].pick == nil // a row refers to other rows of its table
			if itself || (before >= 0 && before != i && !visit(before)) {
				r.failAt(t.makers[i].node, "circle", "define one of them without the other", "%s is generated from a field that depends on it", label(t.makers[i].field))
			}
		}
		state[i] = 2
		t.order = append(t.order, i)
		return true
	}
	if t.per != nil {
		visit(t.per.maker)
	}
	for i := range t.makers {
		visit(i)
	}
}
