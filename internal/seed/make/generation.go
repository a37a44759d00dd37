package make

import (
	"encoding/json"
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// Generation is the generation of rows for types. It contains the specifications, guesses for unspecified fields, and the progress of each
// table.
type Generation struct {
	blueprints map[*schema.Type]*blueprint
	order      []*blueprint // tables with generated rows, each one after those that it refers to, as far as possible
	cyclic     bool         // a table comes before one that it refers to
}

// Guess returns a specification without specified fields.
func Guess(typ *schema.Type, count int64) *Spec {
	return &Spec{Type: typ, Count: count, made: map[string]*rule{}}
}

// Generation combines specifications. It reports mistakes.
func (r *Reader) Generation(specs []*Spec, seed uint64) *Generation {
	p := &Generation{blueprints: map[*schema.Type]*blueprint{}}
	for _, s := range specs {
		t := newBlueprint(s.Type, salt(seed, s.Text), r.Now)
		t.spec, t.count = s, s.Count
		p.blueprints[s.Type] = t
	}
	for _, s := range specs {
		r.makers(p, p.blueprints[s.Type], seed)
	}
	for _, s := range specs {
		t := p.blueprints[s.Type]
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

func (t *blueprint) addChecks(checks []schema.Check) {
	for _, c := range checks {
		if made := t.newCheck(c); made != nil {
			t.checks = append(t.checks, *made)
		}
	}
}

// blueprintOf returns the blueprint of a type. It creates one for references, if necessary.
func (p *Generation) blueprintOf(typ *schema.Type, like *blueprint, seed uint64) *blueprint {
	t := p.blueprints[typ]
	if t == nil {
		t = newBlueprint(typ, seed, like.now)
		p.blueprints[typ] = t
	}
	return t
}

// makers determines how to fill each field of a table.
func (r *Reader) makers(p *Generation, t *blueprint, seed uint64) {
	shared := r.lead(t)
	for _, f := range t.typ.Fields {
		made := t.spec.made[f.Name]
		if len(f.Columns()) == 0 || f.Generated != nil && f.Generated.Expr != nil || f.Relation != nil && len(f.Relation.Fields) > 0 && !shared.leads(f) {
			continue
		}
		m := &maker{field: f, slots: t.slotsOf(f), salt: salt(t.seed, f.Name), digit: -1, filled: true}
		switch {
		case made != nil:
			m.rule = *made
			if made.round != nil {
				t.slots[m.slots[0]].scale = *made.round
			}
		case f.Generated != nil || f.Default != nil && f.Default.SQL != "" && !slices.Contains(t.typ.Key, f):
			if !slices.Contains(t.typ.Key, f) && !f.Unique && shared.leader[f] == nil {
				continue // the database fills it
			}
			m.generator = &constant{null: true}
		default:
			m.rule = *t.guess(f)
		}
		shared.maker(t, m)
		if n := m.pick; n != nil && n.of == nil {
			n.universe = p.blueprintOf(f.Relation.Target, t, seed).rows
			n.salt = m.salt
			if n.exponent > 0 {
				n.rank = &zipfian{exponent: n.exponent}
			}
			for i := range f.Relation.References {
				n.universe.need(n.universe.blueprint.keySlot(f, i))
			}
			if n.universe.blueprint == t {
				for i := range f.Relation.References { // the key comes first
					m.after = append(m.after, -1-t.keySlot(f, i))
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
				r.fail(t.spec.made[s.Field.Name].node, "given-twice", "remove it", "%s already determines %s", t.spec.Per, s.Field.Name)
				return
			}
			m.null, m.steady = 0, true
			t.per = &children{maker: i}
		}
	}
	t.keys()
}

// sort orders the tables by depth-first search, each one after those that it refers to. In a cycle, it first ignores references that may be
// null.
func (p *Generation) sort(s *schema.Schema) {
	state := map[*blueprint]int{}
	var visit func(t *blueprint)
	visit = func(t *blueprint) {
		state[t] = 1
		for _, required := range []bool{true, false} {
			for _, m := range t.makers {
				if m.pick == nil || m.pick.universe == nil || m.pick.nothing || m.field.Type.NonNull != required {
					continue
				}
				other := m.pick.universe.blueprint
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
		if t := p.blueprints[typ]; t != nil && t.spec != nil && state[t] == 0 {
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
