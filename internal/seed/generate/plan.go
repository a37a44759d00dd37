package generate

import (
	"encoding/json"
	"hash/maphash"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
)

// Plan is what is to be made, by the schema alone: specifications that were read, and guesses for all that they leave open.
type Plan struct {
	tables map[*schema.Type]*table
	order  []*table // that rows are made for: each after those that it refers to, as far as that can be
	cyclic bool     // some come before one that they refer to
}

// Guess is a specification that leaves everything open.
func Guess(typ *schema.Type, count int64) *Spec {
	return &Spec{Type: typ, Count: count, made: map[string]*recipe{}}
}

// Plan puts specifications together. Mistakes are reported.
func (r *Reader) Plan(specs []*Spec, seed uint64) *Plan {
	p := &Plan{tables: map[*schema.Type]*table{}}
	for _, s := range specs {
		t := newTable(s.Type, salt(seed, s.Text), r.Now)
		t.spec, t.count = s, s.Count
		p.tables[s.Type] = t
	}
	for _, s := range specs {
		r.makers(p, p.tables[s.Type], seed)
	}
	for _, s := range specs {
		t := p.tables[s.Type]
		for i := range t.makers {
			r.bind(t, t.makers[i])
		}
		r.sort(t)
		for _, f := range s.Type.Fields {
			t.addChecks(f.Checks)
		}
		t.addChecks(s.Type.Checks)
	}
	p.sort(r.Schema)
	return p
}

func (t *table) addChecks(checks []schema.Check) {
	for _, c := range checks {
		if made := t.newCheck(c); made != nil {
			t.checks = append(t.checks, *made)
		}
	}
}

// tableOf returns the table of a type, for reference at least.
func (p *Plan) tableOf(typ *schema.Type, like *table, seed uint64) *table {
	t := p.tables[typ]
	if t == nil {
		t = newTable(typ, seed, like.now)
		p.tables[typ] = t
	}
	return t
}

// makers decides how each field of a table is made.
func (r *Reader) makers(p *Plan, t *table, seed uint64) {
	for _, f := range t.typ.Fields {
		made := t.spec.made[f.Name]
		if len(f.Columns()) == 0 || f.Generated != nil && f.Generated.Expr != nil || f.Relation != nil && len(f.Relation.Fields) > 0 {
			continue
		}
		m := &maker{field: f, columns: t.columnsOf(f), salt: salt(t.seed, f.Name), digit: -1, filled: true}
		switch {
		case made != nil:
			m.recipe = *made
			if made.round != nil {
				t.columns[m.columns[0]].scale = *made.round
			}
		case f.Generated != nil || f.Default != nil && f.Default.SQL != "" && !slices.Contains(t.typ.Key, f):
			if !slices.Contains(t.typ.Key, f) && !f.Unique {
				continue // the database makes it
			}
			m.source = &constant{null: true}
		default:
			m.recipe = *t.guess(f)
		}
		if n := m.pick; n != nil && n.of == nil {
			n.universe = p.tableOf(f.Relation.Target, t, seed).rows
			n.salt = m.salt
			if n.exponent > 0 {
				n.rank = &zipfian{exponent: n.exponent}
			}
			for i := range f.Relation.References {
				n.universe.need(n.universe.table.keyColumn(f, i))
			}
			if n.universe.table == t {
				for i := range f.Relation.References { // the key comes first
					m.after = append(m.after, -1-t.keyColumn(f, i))
				}
			}
		}
		t.makers = append(t.makers, m)
	}
	if s := t.spec.Per; s != nil && s.Field != nil {
		if i := t.makerOf(s.Field); i >= 0 {
			m := t.makers[i]
			if m.pick == nil || m.pick.of != nil || t.spec.made[s.Field.Name] != nil {
				r.fail(t.spec.made[s.Field.Name].node, "given-twice", "remove it", "%s says what %s is", t.spec.Per, s.Field.Name)
				return
			}
			m.null, m.steady = 0, true
			t.per = &children{maker: i}
		}
	}
	t.keys()
}

// keys sees to it that what has to be unique is.
func (t *table) keys() {
	t.addUnique(t.typ.Key...)
	for _, f := range t.typ.Fields {
		if f.Unique {
			t.addUnique(f)
		} else if made := t.spec.made[f.Name]; made != nil && made.distinct {
			t.addUnique(f)
		}
	}
	for _, u := range t.typ.Uniques {
		t.addUnique(u.Fields...)
	}
}

func (t *table) addUnique(fields ...*schema.Field) {
	u := &uniqueness{fields: fields, seed: maphash.MakeSeed()}
	makers := make([]*maker, 0, len(fields))
	for _, f := range fields {
		i := t.makerOf(f)
		if i < 0 {
			return // the database makes it
		}
		makers = append(makers, t.makers[i])
		u.columns = append(u.columns, t.makers[i].columns...)
	}
	for _, m := range makers {
		if t.distinct(m, len(fields) == 1) {
			return // one that differs is enough
		}
	}
	if t.per != nil && slices.ContainsFunc(makers, func(m *maker) bool { return m == t.makers[t.per.maker] }) {
		for _, m := range makers {
			if t.spec.made[m.field.Name] == nil && m.pick == nil && isWhole(t.columns[m.columns[0]].kind) {
				m.source, m.null, m.steady = nth{}, 0, true
				return
			}
		}
	}
	t.uniques = append(t.uniques, u)
}

func isWhole(k kind) bool { return k == kindInt2 || k == kindInt4 || k == kindInt8 }

// distinct makes a field such that no two rows have the same, if that takes no memory; alone says that nothing else is in the key.
func (t *table) distinct(m *maker, alone bool) bool {
	c := t.columns[m.columns[0]]
	said := t.spec.made[m.field.Name] != nil
	_, counts := m.source.(counter)
	_, random := m.source.(randomUUID)
	switch {
	case counts:
		m.null = 0
		return true
	case m.pick != nil:
		return false
	case m.field.Type.Scalar == schema.ID && c.kind == kindUUID && !said:
		m.source, m.null, m.steady = ids{m.salt}, 0, true
		return true
	case random:
		return true
	case !alone:
		return false
	case c.kind == kindText && !said && m.field.Type.Enum == nil && m.field.Constraints.Pattern == "" && m.field.Constraints.Format == "" && isID(m.field):
		m.source, m.null, m.steady = textIDs{m.salt, c.longest()}, 0, true
		return true
	case c.kind == kindText && m.field.Type.Enum == nil && m.field.Constraints.Pattern == "" && !isFinite(m.source):
		if m.null == 1 {
			return true
		}
		always := t.count > keptRows || t.per != nil
		m.source = numbered{of: m.source, longest: c.longest(), always: always, division: division(m.field)}
		return always
	case isWhole(c.kind) && !said:
		m.source, m.null, m.steady = &upwards{}, 0, true
		return true
	}
	return false
}

func isID(f *schema.Field) bool {
	return f.Type.Scalar == schema.ID || f.Name == "id" || strings.HasSuffix(f.Name, "Id") || strings.HasSuffix(f.Name, "ID")
}

// upwards counts from the greatest number that is there.
type upwards struct{ after int64 }

func (s *upwards) make(r *row) datum { return datum{i: s.after + r.number + 1 - r.table.done} }

func isFinite(s source) bool {
	_, choice := s.(*choice)
	_, same := s.(*constant)
	return choice || same
}

// division is what may stand between a text and a number.
func division(f *schema.Field) string {
	switch f.Constraints.Format {
	case schema.Email:
		return "+"
	case schema.Phone, schema.IPv4, schema.IPv6, schema.UUID, schema.Color:
		return ""
	}
	return "-"
}

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
			if before >= 0 && before != i && !visit(before) {
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

// sort orders the tables, each after those that it refers to, by depth-first search; a reference that may be null gives way first.
func (p *Plan) sort(s *schema.Schema) {
	state := map[*table]int{}
	var visit func(t *table)
	visit = func(t *table) {
		state[t] = 1
		for _, required := range []bool{true, false} {
			for _, m := range t.makers {
				if m.pick == nil || m.pick.universe == nil || m.pick.nothing || m.field.Type.NonNull != required {
					continue
				}
				other := m.pick.universe.table
				switch {
				case other == t || other.spec == nil || state[other] == 2:
				case state[other] == 1:
					p.cyclic = true
				default:
					visit(other)
				}
			}
		}
		state[t] = 2
		p.order = append(p.order, t)
	}
	for _, typ := range s.Tables {
		if t := p.tables[typ]; t != nil && t.spec != nil && state[t] == 0 {
			visit(t)
		}
	}
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "{}"
	}
	return string(text)
}
