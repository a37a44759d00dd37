package make

import (
	"encoding/json"
	"slices"

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
	shared := r.lead(t)
	for _, f := range t.typ.Fields {
		made := t.spec.made[f.Name]
		if len(f.Columns()) == 0 || f.Generated != nil && f.Generated.Expr != nil || f.Relation != nil && len(f.Relation.Fields) > 0 && !shared.leads(f) {
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
			if !slices.Contains(t.typ.Key, f) && !f.Unique && shared.leader[f] == nil {
				continue // the database makes it
			}
			m.source = &constant{null: true}
		default:
			m.recipe = *t.guess(f)
		}
		shared.maker(t, m)
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
	shared.follow(t)
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
