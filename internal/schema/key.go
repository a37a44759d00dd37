package schema

import "strings"

// KeyField is a column that holds a field, or a part of the key that a reference holds.
type KeyField struct {
	Name   string // in the API and in models: owner -> ownerId
	Column string
	Leaf   *Field // whose values the column has: the field itself, or the referenced key at the end of the chain
}

// KeyFields returns the columns that hold f, named after it. Fields that no column holds have none, and so does a reference
// whose key other fields hold.
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
	seen := map[*Field]int{} // a key field with several columns stands there once for each
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
