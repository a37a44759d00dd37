package exec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// mergeRule is OverlappingFieldsCanBeMerged in linear time. The rule of gqlparser compares every field with every other of the same response
// key, which takes seconds for a document of 64 KiB. Fields of a key that have the same parent are all the same if each is the same as the
// first. The document must have passed measure, which refuses fragments that form a cycle.
// See https://spec.graphql.org/October2021/#sec-Field-Selection-Merging.
var mergeRule = core.Rule{
	Name: rules.OverlappingFieldsCanBeMergedRule.Name,
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnOperation(func(w *core.Walker, op *ast.OperationDefinition) {
			m := merger{fragments: map[string]*ast.FragmentDefinition{}, addError: addError}
			for _, f := range w.Document.Fragments {
				m.fragments[f.Name] = f
			}
			m.merge(op.SelectionSet)
		})
	},
}

type merger struct {
	fragments map[string]*ast.FragmentDefinition
	addError  core.AddErrFunc
}

// merge checks the fields of selection sets that belong to one object.
func (m *merger) merge(sets ...ast.SelectionSet) {
	f := m.flatten(sets)
	for _, key := range f.keys {
		lists := byParent(f.byKey[key])
		if len(lists) > 1 {
			if !m.sameShapes(key, f.byKey[key]) {
				continue
			}
			m.shapes(below(f.byKey[key])...)
		}
		for _, fields := range lists {
			m.mergeFields(key, fields)
		}
	}
}

// mergeFields checks the fields of one response key that belong to one object.
func (m *merger) mergeFields(key string, fields []*ast.Field) {
	if i := slices.IndexFunc(fields, func(field *ast.Field) bool { return !sameField(fields[0], field) }); i > 0 {
		m.conflict(key, difference(fields[0], fields[i]), fields[i])
		return
	}
	if sets := below(fields); sets != nil {
		m.merge(sets...)
	}
}

// conflict reports that a field cannot have the response key that another has.
func (m *merger) conflict(key, reason string, f *ast.Field) {
	m.addError(core.Message(`Fields %q conflict because %s. Use different aliases on the fields to fetch both if this was intentional.`,
		key, reason), core.At(f.Position))
}

func (m *merger) flatten(sets []ast.SelectionSet) flattened {
	f := flattened{fragments: m.fragments, byKey: map[string][]*ast.Field{}, visited: map[string]bool{}}
	for _, set := range sets {
		f.add(set)
	}
	return f
}

// flattened is the fields of selection sets, with those of their fragments, by response key.
type flattened struct {
	fragments map[string]*ast.FragmentDefinition
	keys      []string
	byKey     map[string][]*ast.Field
	visited   map[string]bool
}

func (f *flattened) add(set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			if f.byKey[sel.Alias] == nil {
				f.keys = append(f.keys, sel.Alias)
			}
			f.byKey[sel.Alias] = append(f.byKey[sel.Alias], sel)
		case *ast.InlineFragment:
			f.add(sel.SelectionSet)
		case *ast.FragmentSpread:
			if fragment := f.fragments[sel.Name]; fragment != nil && !f.visited[sel.Name] {
				f.visited[sel.Name] = true
				f.add(fragment.SelectionSet)
			}
		}
	}
}

func sameField(a, b *ast.Field) bool {
	if a == b {
		return true
	}
	sameShape := a.Name == b.Name && len(a.Arguments) == len(b.Arguments)
	return sameShape && arguments(a) == arguments(b)
}

func difference(a, b *ast.Field) string {
	if a.Name != b.Name {
		return fmt.Sprintf("%q and %q are different fields", a.Name, b.Name)
	}
	return "they have differing arguments"
}

// arguments prints the arguments of a field, by name.
func arguments(f *ast.Field) string {
	list := make([]string, len(f.Arguments))
	for i, a := range f.Arguments {
		list[i] = a.Name + ":" + printed(a.Value)
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}

// printed prints a value. The order of an object's fields has no meaning.
func printed(v *ast.Value) string {
	if v.Kind != ast.ObjectValue && v.Kind != ast.ListValue {
		return v.String()
	}
	list := make([]string, len(v.Children))
	for i, child := range v.Children {
		list[i] = child.Name + ":" + printed(child.Value)
	}
	if v.Kind == ast.ListValue {
		return "[" + strings.Join(list, ",") + "]"
	}
	slices.Sort(list)
	return "{" + strings.Join(list, ",") + "}"
}
