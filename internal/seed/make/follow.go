package make

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// followed is a value that a reference has already filled: version: Version @ref(fields: ["prompt", "number"]) fills prompt and number.
type followed struct{ at int }

func (s followed) make(r *sample) datum { return r.values[s.at] }

// shared determines how to fill fields that share columns with a reference.
type shared struct {
	leader map[*schema.Field]*schema.Field // the reference that fills a field
	empty  map[*schema.Field]bool          // fields that are null, since no reference can fill them
	own    map[*schema.Field]*schema.Field // fields that repeat another one, so that the row refers to itself
}

// lead lets references fill the fields that share their columns, unless these fields are specified.
func (r *Reader) lead(t *blueprint) shared {
	s := shared{map[*schema.Field]*schema.Field{}, map[*schema.Field]bool{}, map[*schema.Field]*schema.Field{}}
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
		case !s.leaveOut(t, f) && said < 0:
			s.satisfy(t, f, r.inSQL(f.Relation.Target))
		}
	}
	return s
}

// leaveOut makes the fields of a reference null that nothing else fills, and reports whether there are any.
func (s shared) leaveOut(t *blueprint, f *schema.Field) (null bool) {
	for _, of := range f.Relation.Fields {
		if !of.Type.NonNull && s.leader[of] == nil && !t.says(of) {
			s.empty[of], null = true, true
		}
	}
	return null
}

// satisfy finds another way to satisfy a required reference that cannot fill its fields. If it refers to its own table, each row refers to
// itself. Otherwise, Postgres evaluates the foreign key for the values that the fields get.
func (s shared) satisfy(t *blueprint, f *schema.Field, target string) {
	for i, of := range f.Relation.Fields {
		if ref := f.Relation.References[i]; f.Relation.Target == t.typ && ref != of && s.leader[of] == nil {
			s.own[of] = ref
		}
	}
	if f.Relation.Target != t.typ {
		t.unknown.checks = append(t.unknown.checks, exists(t, f, target))
	}
}

// exists returns the condition that the table target has the row to which a reference leads.
func exists(t *blueprint, f *schema.Field, target string) condition {
	c := condition{columns: f.Relation.Columns, message: fmt.Sprintf("no row of %s has its %s", f.Relation.Target.Table, names(f.Relation.Fields))}
	const other = "krowoc_target"
	var equal, absent []string
	for i, column := range f.Relation.Columns {
		own := t.quoted() + "." + pg.QuoteIdent(column)
		absent = append(absent, own+" IS NULL OR ")
		equal = append(equal, other+"."+pg.QuoteIdent(f.Relation.References[i].Columns()[0])+" = "+own)
	}
	c.sql = fmt.Sprintf("%sEXISTS (SELECT FROM %s AS %s WHERE %s)", strings.Join(absent, ""), target, other, strings.Join(equal, " AND "))
	return c
}

// says reports whether a field is specified.
func (t *blueprint) says(f *schema.Field) bool {
	return t.spec.made[f.Name] != nil || (t.spec.Per != nil && t.spec.Per.Field == f)
}

// canLead reports whether a reference can fill all of its fields: neither another reference nor the database fills one, and if it refers to
// its own table, none is a part of the key that it leads to.
func (s shared) canLead(t *blueprint, f *schema.Field) bool {
	return !slices.ContainsFunc(f.Relation.Fields, func(of *schema.Field) bool {
		return s.leader[of] != nil || of.Generated != nil || (f.Relation.Target == t.typ && slices.Contains(f.Relation.References, of))
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
	case s.own[m.field] != nil:
		m.rule = rule{generator: followed{t.slotsOf(s.own[m.field])[0]}}
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
		for _, first := range []*schema.Field{s.leader[m.field], s.own[m.field]} {
			if first != nil {
				m.after = append(m.after, t.makerOf(first))
			}
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
