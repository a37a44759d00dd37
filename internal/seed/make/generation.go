package make

import (
	"encoding/json"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
)

// Generation is the generation of rows for types. It contains the specifications, guesses for unspecified fields, and the progress of each
// table.
type Generation struct {
	blueprints map[*schema.Type]*blueprint
	order      []*blueprint // tables with generated rows, each one after those that it refers to, as far as possible
	early      []early      // references of tables to later ones, since the tables refer to one another in a cycle
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
		t := p.blueprints[s.Type]
		for _, f := range s.Type.Fields {
			t.addChecks(f.Checks)
		}
		t.addChecks(s.Type.Checks)
		r.learn(t)
	}
	for _, s := range specs {
		r.makers(p, p.blueprints[s.Type], seed)
	}
	for _, s := range specs {
		t := p.blueprints[s.Type]
		for i := range t.makers {
			r.bind(t, t.makers[i])
		}
	}
	p.sort(r.Schema)
	for _, s := range specs {
		p.blueprints[s.Type].gates()
	}
	p.agree()
	for _, t := range p.order {
		p.inOrder(t)
	}
	for _, t := range p.order {
		r.sort(t)
	}
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
	for _, f := range t.fields() {
		m := t.newMaker(f, shared)
		if m == nil {
			continue
		}
		shared.maker(t, m)
		if m.pick != nil && m.pick.of == nil {
			target := p.blueprintOf(f.Relation.Target, t, seed)
			target.outside = r.outside[target.typ]
			t.pickFrom(m, target)
		}
		t.makers = append(t.makers, m)
	}
	shared.follow(t)
	if r.perParent(t) {
		t.keys()
	}
}

// newMaker decides how a field is made: by the specification, or by a guess. It returns nil for a field that is not written, because
// it has no columns of its own or the database makes its value.
func (t *blueprint) newMaker(f *schema.Field, shared shared) *maker {
	computed := f.Generated != nil && f.Generated.Expr != nil
	ofOtherFields := f.Relation != nil && len(f.Relation.Fields) > 0 && !shared.leads(f)
	if len(f.Columns()) == 0 || computed || ofOtherFields {
		return nil
	}
	m := &maker{field: f, slots: t.slotsOf(f), salt: salt(t.seed, f.Name), digit: -1, filled: true}
	isKey := slices.Contains(t.typ.Key, f)
	switch specified := t.spec.made[f.Name]; {
	case specified != nil:
		m.rule = *specified
		if specified.round != nil {
			t.slots[m.slots[0]].scale = *specified.round
		}
	case !byDatabase(f) || (isKey && f.Generated == nil):
		m.rule = *t.guess(f)
	case t.isDistinct(f) && f.Generated == nil && !t.countsItself(f):
		m.rule = *t.guess(f) // a default such as now() is the same for all rows
	case f.Generated == nil && t.hintFor(f) != nil:
		m.rule = *t.guess(f) // the default may violate a check
	case isKey || f.Unique || shared.leader[f] != nil || shared.empty[f] || t.isDistinct(f):
		m.generator = &constant{null: true}
	default:
		return nil
	}
	return m
}

// byDatabase reports whether the database makes the value of a field that nothing specifies.
func byDatabase(f *schema.Field) bool {
	return (f.Generated != nil) || (f.Default != nil && f.Default.SQL != "" && f.Relation == nil && !isCreation(f))
}

// pickFrom makes a reference choose among the rows of a table.
func (t *blueprint) pickFrom(m *maker, target *blueprint) {
	n := m.pick
	n.universe, n.salt = target.rows, m.salt
	n.required = t.isRequired(m)
	if n.exponent > 0 {
		n.rank = &zipfian{exponent: n.exponent}
	}
	for i := range m.field.Relation.References {
		slot := target.keySlot(m.field, i)
		n.universe.need(slot)
		if target == t { // the key comes first
			m.after = append(m.after, -1-slot)
		}
	}
}

// isRequired reports whether a column of a reference cannot be null.
func (t *blueprint) isRequired(m *maker) bool {
	notNull := func(at int) bool { return t.slots[at].hint != nil && t.slots[at].hint.NotNull }
	required := func(f *schema.Field) bool { return f.Type.NonNull }
	return m.field.Type.NonNull || slices.ContainsFunc(m.slots, notNull) || slices.ContainsFunc(m.field.Relation.Fields, required)
}

// perParent makes the reference of "per" lead to each parent in turn. It returns false after it reported a mistake.
func (r *Reader) perParent(t *blueprint) (ok bool) {
	per := t.spec.Per
	if per == nil || per.Field == nil {
		return true
	}
	i := t.makerOf(per.Field)
	if i < 0 {
		return true
	}
	m, specified := t.makers[i], t.spec.made[per.Field.Name]
	if m.pick == nil || m.pick.of != nil || specified != nil {
		var at *yaml.Node
		if specified != nil {
			at = specified.node
		}
		r.failAt(at, "given-twice", "remove it", "%s already determines %s", per, per.Field.Name)
		return false
	}
	m.null, m.steady = 0, true
	t.per = &children{maker: i}
	return true
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "{}"
	}
	return string(text)
}
