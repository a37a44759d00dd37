package make

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// followed is a value that a reference has filled already: version: Version @ref(fields: ["prompt", "number"]) fills prompt and number.
type followed struct{ at int }

func (s followed) make(r *sample) datum { return r.values[s.at] }

// shared says how fields are made whose columns are also those of a reference.
type shared struct {
	leader map[*schema.Field]*schema.Field // the reference that fills a field
	empty  map[*schema.Field]bool          // is null, since no reference can fill it
}

// lead has references that are made of other fields' columns fill these, unless it is said how those are made.
func (r *Reader) lead(t *blueprint) shared {
	s := shared{map[*schema.Field]*schema.Field{}, map[*schema.Field]bool{}}
	for _, f := range t.typ.Fields {
		if f.Relation == nil || len(f.Relation.Fields) == 0 {
			continue
		}
		made := t.spec.made[f.Name]
		said := slices.IndexFunc(f.Relation.Fields, t.says)
		switch {
		case said >= 0 && made != nil:
			r.fail(made.node, "given-twice", "remove one of them", "%s is generated from %s, which already has a definition", label(f), f.Relation.Fields[said].Name)
		case said < 0 && s.canLead(t, f):
			for _, of := range f.Relation.Fields {
				s.leader[of] = f
			}
		default:
			for _, of := range f.Relation.Fields {
				s.empty[of] = s.empty[of] || !of.Type.NonNull && s.leader[of] == nil && !t.says(of)
			}
		}
	}
	return s
}

// says reports whether it is said how a field is made.
func (t *blueprint) says(f *schema.Field) bool {
	return t.spec.made[f.Name] != nil || t.spec.Per != nil && t.spec.Per.Field == f
}

// canLead reports whether a reference can fill all of its fields: no other fills one, nor the database, and where it leads to its own
// table, the first row can do without.
func (s shared) canLead(t *blueprint, f *schema.Field) bool {
	return !slices.ContainsFunc(f.Relation.Fields, func(of *schema.Field) bool {
		return s.leader[of] != nil || of.Generated != nil ||
			f.Relation.Target == t.typ && (of.Type.NonNull || slices.Contains(t.typ.Key, of))
	})
}

// leads reports whether a reference fills other fields.
func (s shared) leads(f *schema.Field) bool { return s.leader[f.Relation.Fields[0]] == f }

// maker adjusts how a field is made. A reference can be null only where all of its fields can.
func (s shared) maker(t *blueprint, m *maker) {
	switch leader := s.leader[m.field]; {
	case leader != nil:
		m.rule = rule{generator: followed{m.slots[0]}}
	case s.empty[m.field]:
		m.rule = rule{generator: &constant{null: true}}
	case m.field.Relation != nil && len(m.field.Relation.Fields) > 0:
		m.filled = false // by the fields
		if t.spec.made[m.field.Name] == nil && slices.ContainsFunc(m.field.Relation.Fields, func(of *schema.Field) bool { return of.Type.NonNull }) {
			m.null = 0
		}
	}
}

// follow orders fields after the reference that fills them.
func (s shared) follow(t *blueprint) {
	for _, m := range t.makers {
		if leader := s.leader[m.field]; leader != nil {
			m.after = append(m.after, t.makerOf(leader))
		}
	}
}

// led puts a reference in the place of the fields that it fills, where all of them are among some: rows differ in them as they differ in
// what they refer to.
func (t *blueprint) led(fields []*schema.Field) []*schema.Field {
	for _, m := range t.makers {
		if m.pick == nil || len(m.field.Relation.Fields) == 0 {
			continue
		}
		other := func(f *schema.Field) bool { return !slices.Contains(fields, f) }
		if among := m.field.Relation.Fields; !slices.ContainsFunc(among, other) {
			fields = slices.DeleteFunc(slices.Clone(fields), func(f *schema.Field) bool { return slices.Contains(among, f) })
			fields = append(fields, m.field)
		}
	}
	return fields
}
