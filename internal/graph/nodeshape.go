package graph

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// nodeShape adds the types of the global IDs that the root fields of an operation name.
func (a *API) nodeShape(b *strings.Builder, set ast.SelectionSet, vars map[string]any) {
	if !a.options.Relay {
		return
	}
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			a.fieldShape(b, s, vars)
		case *ast.InlineFragment:
			a.nodeShape(b, s.SelectionSet, vars)
		case *ast.FragmentSpread:
			if s.Definition != nil {
				a.nodeShape(b, s.Definition.SelectionSet, vars)
			}
		}
	}
}

// fieldShape adds the types of the arguments of node or nodes. IDs that are not valid have no type, and no plan.
func (a *API) fieldShape(b *strings.Builder, f *ast.Field, vars map[string]any) {
	if f.Name != nodeField && f.Name != nodesField {
		return
	}
	for _, argument := range f.Arguments {
		ids := asList(literal(argument.Value, vars))
		objects, err := a.nodesOf(ids)
		if err != nil {
			b.WriteString("!")
		}
		for _, o := range objects {
			b.WriteString(o.typ.APIName() + ",")
		}
		b.WriteString(";")
	}
}
