package graph

import (
	"encoding/json"

	"github.com/vektah/gqlparser/v2/ast"
)

// arg is the value of an argument as a plan sees it: the structure of objects and lists of objects is
// known, and the scalars at the leaves are read when the plan is bound.
type arg struct {
	null   bool
	fields []argField // of an object, in the order of its definition
	items  []arg      // of a list of objects
	leaf   leaf       // of a scalar, an enum or a list of them; nil otherwise
	known  any        // the value of a leaf that every request of the shape shares: Boolean, OrderDirection
}

type argField struct {
	name  string
	value arg
}

// leaf reads a scalar or a list of scalars from the variables.
type leaf func(vars map[string]any) any

// argument returns the argument of that name; false when it is not given, or null.
func (b *builder) argument(f *ast.Field, name string) (arg, bool) {
	given := f.Arguments.ForName(name)
	if given == nil {
		return arg{}, false
	}
	a, ok := b.arg(given.Value, f.Definition.Arguments.ForName(name).Type)
	return a, ok && !a.null
}

// arg reads a value of the document; false when it is a variable that is not given.
func (b *builder) arg(v *ast.Value, typ *ast.Type) (arg, bool) {
	if v.Kind == ast.Variable {
		value, given := b.vars[v.Raw]
		if !given {
			return arg{}, false
		}
		name := v.Raw
		return b.variable(value, typ, func(vars map[string]any) any { return vars[name] }), true
	}
	def := b.api.schema.Types[typ.Name()]
	switch {
	case v.Kind == ast.NullValue:
		return arg{null: true}, true
	case def.Kind != ast.InputObject:
		a := arg{leaf: func(vars map[string]any) any { return literal(v, vars) }}
		if v.Kind == ast.BooleanValue || def.Name == orderDirection {
			a.known = literal(v, nil)
		}
		return a, true
	case typ.Elem != nil:
		var a arg
		if v.Kind != ast.ListValue {
			item, ok := b.arg(v, typ.Elem)
			a.items = []arg{item}
			return a, ok
		}
		for _, child := range v.Children {
			if item, ok := b.arg(child.Value, typ.Elem); ok {
				a.items = append(a.items, item)
			}
		}
		return a, true
	}
	var a arg
	for _, f := range def.Fields {
		if child := v.Children.ForName(f.Name); child != nil {
			if value, ok := b.arg(child, f.Type); ok {
				a.fields = append(a.fields, argField{f.Name, value})
			}
		}
	}
	return a, true
}

// variable reads a value out of the variables; get finds it again when the plan is bound.
func (b *builder) variable(value any, typ *ast.Type, get leaf) arg {
	def := b.api.schema.Types[typ.Name()]
	switch {
	case value == nil:
		return arg{null: true}
	case def.Kind != ast.InputObject:
		a := arg{leaf: get}
		switch value.(type) {
		case bool:
			a.known = value
		case string:
			if def.Name == orderDirection {
				a.known = value
			}
		}
		return a
	case typ.Elem != nil:
		var a arg
		for i, item := range asList(value) {
			a.items = append(a.items, b.variable(item, typ.Elem, func(vars map[string]any) any {
				if list := asList(get(vars)); i < len(list) {
					return list[i]
				}
				return nil
			}))
		}
		return a
	}
	var a arg
	object, _ := value.(map[string]any)
	for _, f := range def.Fields {
		child, given := object[f.Name]
		if !given {
			continue
		}
		a.fields = append(a.fields, argField{f.Name, b.variable(child, f.Type, func(vars map[string]any) any {
			object, _ := get(vars).(map[string]any)
			return object[f.Name]
		})})
	}
	return a
}

// literal returns a value of the document. Numbers keep their digits: a Decimal is not a float.
func literal(v *ast.Value, vars map[string]any) any {
	switch v.Kind {
	case ast.Variable:
		return vars[v.Raw]
	case ast.IntValue, ast.FloatValue:
		return json.Number(v.Raw)
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.NullValue:
		return nil
	case ast.ListValue:
		list := make([]any, len(v.Children))
		for i, child := range v.Children {
			list[i] = literal(child.Value, vars)
		}
		return list
	case ast.ObjectValue:
		object := make(map[string]any, len(v.Children))
		for _, child := range v.Children {
			object[child.Name] = literal(child.Value, vars)
		}
		return object
	}
	return v.Raw
}
