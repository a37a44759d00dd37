package schema

import "strings"

// KeyField is a column that holds a field, or one part of the key of a reference.
type KeyField struct {
	Name   string // in the API and in models: owner -> ownerId
	Column string
	Leaf   *Field // the field whose values the column contains: the field itself, or the key field at the end of the references
}

// KeyFields returns the columns that hold f, named after it. There are none for a field without columns, and for a reference
// whose key is held by other fields.
func (f *Field) KeyFields() []KeyField {
	return f.NamedKeyFields(func(f *Field) string { return f.Name })
}

// NamedKeyFields returns the columns that hold f as KeyFields does, under names that are made of those of a function.
func (f *Field) NamedKeyFields(name func(*Field) string) []KeyField {
	if f.Relation == nil {
		return []KeyField{{name(f), f.Column, f}}
	}
	if f.Relation.Kind != RefOne || len(f.Relation.Fields) > 0 {
		return nil
	}
	return f.referenceFields(name)
}

func (f *Field) referenceFields(name func(*Field) string) []KeyField {
	var out []KeyField
	seen := map[*Field]int{} // a key field with several columns occurs once for each
	for i, ref := range f.Relation.References {
		leaves := []KeyField{{name(ref), ref.Column, ref}}
		if ref.Relation != nil {
			leaves = ref.referenceFields(name)
		}
		leaf := leaves[min(seen[ref], len(leaves)-1)]
		seen[ref]++
		out = append(out, KeyField{name(f) + upperFirst(leaf.Name), f.Relation.Columns[i], leaf.Leaf})
	}
	return out
}

func upperFirst(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
