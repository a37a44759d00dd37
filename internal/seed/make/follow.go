package make

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// followed is a value that a reference has already filled: version: Version @ref(fields: ["prompt", "number"]) fills prompt and number.
type followed struct{ at int }

func (s followed) make(r *sample) datum { return r.values[s.at] }

// shared determines how to fill fields that share columns with a reference.
type shared struct {
	leader map[*schema.Field]*schema.Field // the reference that fills a field
	empty  map[*schema.Field]bool          // fields that are null, since no reference can fill them
}

// lead lets references fill the fields that share their columns, unless these fields are specified.
func (r *Reader) lead(t *blueprint) shared {
	s := shared{map[*schema.Field]*schema.Field{}, map[*schema.Field]bool{}}
	for _, f := range r.foreignKeys(t) {
		s.empty[f] = !t.says(f)
	}
	for _, f := range t.fields() {
		if f.Relation == nil || len(f.Relation.Fields) == 0 {
			continue
		}
		made := t.spec.made[f.Name]
		said := slices.IndexFunc(f.Relation.Fields, t.says)
		switch {
		case said >= 0 && made != nil:
			r.fail(made.node, "given-twice", "remove one of them", "%s is generated from %s, which already has a definition", label(f), f.Relation.Fields[said].Name)
		case said < 0 && s.canLead(t, f) && !t.mixesNulls(f):
			for _, of := range f.Relation.Fields {
				s.leader[of] = f
			}
		default:
			for _, of := range f.Relation.Fields {
				s.empty[of] = s.empty[of] || (!of.Type.NonNull && s.leader[of] == nil && !t.says(of))
			}
		}
	}
	return s
}

// says reports whether a field is specified.
func (t *blueprint) says(f *schema.Field) bool {
	return t.spec.made[f.Name] != nil || (t.spec.Per != nil && t.spec.Per.Field == f)
}

// canLead reports whether a reference can fill all of its fields: neither another reference nor the database fills one, and if it refers to
// its own table, it can be null in the first row.
func (s shared) canLead(t *blueprint, f *schema.Field) bool {
	return !slices.ContainsFunc(f.Relation.Fields, func(of *schema.Field) bool {
		return s.leader[of] != nil || of.Generated != nil ||
			(f.Relation.Target == t.typ && (of.Type.NonNull || slices.Contains(t.typ.Key, of)))
	})
}

// mixesNulls reports whether some fields of a reference are required while constraints may require that others are null.
func (t *blueprint) mixesNulls(f *schema.Field) bool {
	required := slices.ContainsFunc(f.Relation.Fields, func(of *schema.Field) bool { return of.Type.NonNull })
	return required && slices.ContainsFunc(f.Relation.Fields, func(of *schema.Field) bool {
		h := t.hintFor(of)
		return !of.Type.NonNull && h != nil && (h.Nullness || h.Null)
	})
}

// leads reports whether a reference fills other fields.
func (s shared) leads(f *schema.Field) bool { return s.leader[f.Relation.Fields[0]] == f }

// maker adjusts the maker of a field. A reference can be null only if all of its fields can.
func (s shared) maker(t *blueprint, m *maker) {
	switch leader := s.leader[m.field]; {
	case leader != nil:
		m.rule = rule{generator: followed{m.slots[0]}}
	case s.empty[m.field]:
		m.rule, m.explicit = rule{generator: &constant{null: true}}, true
	case m.field.Relation != nil && len(m.field.Relation.Fields) > 0:
		m.filled = false // the fields fill it
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

// led replaces fields by the reference that fills them, if all fields of the reference are included. Rows that refer to different rows also
// differ in these fields.
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
