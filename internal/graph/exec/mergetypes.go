package exec

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// Fields of one response key have different parents where a selection is one of an interface: fragments on two types never belong to one
// object, so that their fields need not be the same. Their values must have the same shape, because clients read them by the key.

// byParent returns the lists of fields that can belong to one object: those of each type, each with those of interfaces.
func byParent(fields []*ast.Field) (lists [][]*ast.Field) {
	index := map[string]int{}
	var all []*ast.Field // of interfaces
	for _, f := range fields {
		parent := f.ObjectDefinition
		if parent != nil && parent.IsAbstractType() {
			all = append(all, f)
			continue
		}
		name := ""
		if parent != nil {
			name = parent.Name
		}
		i, ok := index[name]
		if !ok {
			i = len(lists)
			index[name], lists = i, append(lists, nil)
		}
		lists[i] = append(lists[i], f)
	}
	if len(lists) == 0 {
		return [][]*ast.Field{all}
	}
	for i := range lists {
		lists[i] = append(lists[i], all...)
	}
	return lists
}

// shapes checks that the values of each response key of selection sets have one shape, whatever their objects are.
// See https://spec.graphql.org/October2021/#SameResponseShape().
func (m *merger) shapes(sets ...ast.SelectionSet) {
	f := m.flatten(sets)
	for _, key := range f.keys {
		if fields := f.byKey[key]; m.sameShapes(key, fields) {
			m.shapes(below(fields)...)
		}
	}
}

// sameShapes reports whether the values of fields of a response key have one shape, apart from what is selected of them.
func (m *merger) sameShapes(key string, fields []*ast.Field) bool {
	for _, f := range fields {
		if !sameType(fields[0], f) {
			types := fmt.Sprintf("they return conflicting types %q and %q", fields[0].Definition.Type, f.Definition.Type)
			m.conflict(key, types, f)
			return false
		}
	}
	return true
}

// sameType reports whether two fields have the same lists and nulls of the same scalar, or of objects.
func sameType(f, g *ast.Field) bool {
	if f.Definition == nil || g.Definition == nil {
		return true // what the type does not have is another mistake
	}
	a, b := f.Definition.Type, g.Definition.Type
	for a.Elem != nil && b.Elem != nil && a.NonNull == b.NonNull {
		a, b = a.Elem, b.Elem
	}
	isList := a.Elem != nil || b.Elem != nil
	haveObjects := len(f.SelectionSet) > 0 && len(g.SelectionSet) > 0
	if isList || a.NonNull != b.NonNull {
		return false
	}
	return haveObjects || a.NamedType == b.NamedType
}

// below returns what is selected of the values of fields.
func below(fields []*ast.Field) (sets []ast.SelectionSet) {
	for _, f := range fields {
		if len(f.SelectionSet) > 0 {
			sets = append(sets, f.SelectionSet)
		}
	}
	return sets
}
