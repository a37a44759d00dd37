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
	if f.Relation == nil {
		return []KeyField{{f.Name, f.Column, f}}
	}
	if f.Relation.Kind != RefOne || len(f.Relation.Fields) > 0 {
		return nil
	}
	return f.referenceFields()
}

func (f *Field) referenceFields() []KeyField {
	var out []KeyField
	seen := map[*Field]int{} // a key field with several columns occurs once for each
	for i, ref := range f.Relation.References {
		leaves := []KeyField{{ref.Name, ref.Column, ref}}
		if ref.Relation != nil {
			leaves = ref.referenceFields()
		}
		leaf := leaves[min(seen[ref], len(leaves)-1)]
		seen[ref]++
		out = append(out, KeyField{f.Name + strings.ToUpper(leaf.Name[:1]) + leaf.Name[1:], f.Relation.Columns[i], leaf.Leaf})
	}
	return out
}
