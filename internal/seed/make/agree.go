package make

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// agree lets a reference follow another one of the row, so that both lead to rows that belong together: if executions refer to a prompt and to
// a version, and a version to its prompt, the prompt of an execution is that of its version. The two references to the same table must have
// the same name, since others are unrelated: the author of a comment is not the owner of its prompt.
func (t *blueprint) agree(m *maker) {
	f := m.field
	if m.pick == nil || m.pick.of != nil || !t.canFollow(f) {
		return
	}
	for _, via := range t.fields() {
		if via == f || via.Relation == nil || via.Relation.Kind != schema.RefOne || len(via.Relation.Fields) > 0 || via.Relation.Target == t.typ || t.follows[via.Name] != "" {
			continue
		}
		if made := t.spec.made[via.Name]; made != nil && (made.pick == nil || made.pick.of != nil || made.pick.nothing) {
			continue
		}
		of := via.Relation.Target.Field(f.Name)
		if of == nil || of.Relation == nil || of.Relation.Kind != schema.RefOne || of.Relation.Target != f.Relation.Target || len(of.Columns()) != 1 {
			continue
		}
		if f.Type.NonNull && (!via.Type.NonNull || !of.Type.NonNull) {
			continue // it would be null
		}
		t.follows[f.Name] = via.Name
		m.rule = rule{pick: &pick{field: f, of: &operand{path: via.Name + "." + of.Name}}}
		return
	}
}

// canFollow reports whether nothing but the foreign key restricts a reference, and no other reference follows it.
func (t *blueprint) canFollow(f *schema.Field) bool {
	if t.follows == nil {
		t.follows = map[string]string{}
	}
	for _, via := range t.follows {
		if via == f.Name {
			return false
		}
	}
	inUnique := slices.ContainsFunc(t.typ.Uniques, func(u schema.Unique) bool { return slices.Contains(u.Fields, f) })
	return t.spec.made[f.Name] == nil && (t.spec.Per == nil || t.spec.Per.Field != f) && !f.Unique && !inUnique && !slices.Contains(t.typ.Key, f) &&
		!t.isDistinct(f) && t.hintFor(f) == nil && f.Relation != nil && f.Relation.Kind == schema.RefOne && f.Relation.Target != t.typ &&
		len(f.Columns()) == 1 && len(f.Relation.Fields) == 0
}
