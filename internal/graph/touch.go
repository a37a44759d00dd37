package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// reads notes that the operation reads rows of these types.
func (b *builder) reads(types ...*schema.Type) {
	for _, t := range types {
		b.read[t] = true
		b.plan.Opaque = b.plan.Opaque || t.View
	}
}

// writes notes that the operation changes rows of a type. A delete also changes rows that refer to the deleted one.
func (b *builder) writes(t *schema.Type, op schema.Operation) {
	if op == schema.Delete {
		b.api.deletes(t, b.written)
		return
	}
	changes(t, b.written)
}

// deletes adds t to the types whose rows change, and the types whose foreign keys then delete their rows or set them to null.
// The value tells whether rows are deleted.
func (a *API) deletes(t *schema.Type, changed map[*schema.Type]bool) {
	changed[t] = true
	for _, holder := range a.model.Tables {
		for _, f := range holder.Fields {
			if f.Relation == nil || f.Relation.Kind != schema.RefOne || f.Relation.Target != t {
				continue
			}
			switch f.Relation.OnDelete {
			case schema.Cascade:
				if !changed[holder] {
					a.deletes(holder, changed)
				}
			case schema.SetNull:
				changes(holder, changed)
			}
		}
	}
}

// changes adds t to the types whose rows change, and keeps what is known about deletes.
func changes(t *schema.Type, changed map[*schema.Type]bool) {
	if !changed[t] {
		changed[t] = false
	}
}

// typeNames returns the names of types, sorted.
func typeNames(types map[*schema.Type]bool) []string {
	names := make([]string, 0, len(types))
	for t := range types {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return names
}

// Declared returns the types of a plan that the schema declares, sorted. An implied join table stands for the types at its ends.
func (a *API) Declared(names ...[]string) []string {
	var declared []string
	for _, name := range slices.Concat(names...) {
		if t := a.model.Type(name); t != nil && t.Join != nil {
			declared = append(declared, t.Join.Left.Owner.Name, t.Join.Right.Owner.Name)
			continue
		}
		declared = append(declared, name)
	}
	slices.Sort(declared)
	return slices.Compact(declared)
}
