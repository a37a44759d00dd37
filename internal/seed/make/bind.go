package make

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// bind finds what the operands of a source are.
func (r *Reader) bind(t *table, m *maker) {
	var visit func(s any)
	visit = func(s any) {
		switch s := s.(type) {
		case copied:
			r.operand(t, m, s.of)
			visit(s.times)
			visit(s.plus)
		case later:
			visit(s.copied)
		case arithmetic:
			r.operand(t, m, s.of)
			visit(s.times)
			visit(s.plus)
		case *measure:
			visit(s.numbers)
		case many:
			visit(s.of)
			visit(s.count)
		case numbered:
			visit(s.of)
		case switched:
			r.operand(t, m, s.of)
			for _, branch := range s.when {
				visit(branch)
			}
			visit(s.rest)
		case sometimes:
			visit(s.of)
		case address:
			for _, o := range s.names {
				r.operand(t, m, o)
			}
		case slugged:
			r.operand(t, m, s.of)
		case filled:
			for _, o := range s.fields {
				r.operand(t, m, o)
			}
		case document:
			for _, part := range s.values {
				visit(part)
			}
		}
	}
	visit(m.source)
	if m.pick != nil && m.pick.of != nil {
		r.operand(t, m, m.pick.of)
		if of := m.pick.of; of.column != nil && !of.leadsTo(m.field.Relation.Target) {
			r.fail(of.node, "wrong-type", "", "%s is not the key of a row of %s", of.path, m.field.Relation.Target.Table)
			of.column = nil
		}
	}
	for i, a := range m.after { // a column that comes first
		if a < 0 {
			m.after[i] = slices.IndexFunc(t.makers, func(o *maker) bool { return slices.Contains(o.columns, -1-a) })
		}
	}
}

// operand finds the field that a path names.
func (r *Reader) operand(t *table, m *maker, o *operand) {
	m.operands = append(m.operands, o)
	name, inner, nested := strings.Cut(o.path, ".")
	f := t.typ.Field(name)
	at := -1
	if f != nil {
		at = t.makerOf(f)
	}
	if at < 0 {
		r.failAt(o.node, "unknown-field", oneOf(madeFields(t.typ)), "%s has no field %q that is made here", t.typ.Name, name)
		return
	}
	m.after = append(m.after, at)
	if !nested {
		o.parent, o.field, o.many = -1, f, t.columnsOf(f)
		o.at = o.many[0]
		o.column = t.columns[o.at]
		return
	}
	p := t.makers[at].pick
	if p == nil || p.of != nil {
		r.failAt(o.node, "wrong-type", "", "%s.%s is no reference that is picked, so it has no %s", t.typ.Name, name, inner)
		return
	}
	other := p.universe.table
	target := other.typ.Field(inner)
	if target == nil || len(target.Columns()) == 0 {
		r.failAt(o.node, "unknown-field", oneOf(madeFields(other.typ)), "%s has no field %q", other.typ.Name, inner)
		return
	}
	o.parent, o.field, o.many = at, target, other.columnsOf(target)
	o.at = o.many[0]
	o.column = other.columns[o.at]
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
func (r *Reader) sort(t *table) {
	state := make([]int, len(t.makers))
	var visit func(i int) bool
	visit = func(i int) bool {
		if state[i] != 0 {
			return state[i] == 2
		}
		state[i] = 1
		for _, before := range t.makers[i].after {
			itself := before == i && t.makers[i].pick == nil // a row refers to others of its table
			if itself || before >= 0 && before != i && !visit(before) {
				r.failAt(t.makers[i].node, "circle", "let one of them be made of itself", "%s is made from a field that is made from it", label(t.makers[i].field))
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
