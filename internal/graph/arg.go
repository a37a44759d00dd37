package graph

import "github.com/vektah/gqlparser/v2/ast"

// arg is the value of an argument as a plan sees it. The structure of objects and of lists of objects is known; scalars
// are read when the plan is bound.
type arg struct {
	null   bool
	fields []argField // of an object, in the order of its definition
	items  []arg      // of a list of objects
	input  input      // of a scalar, an enum or a list of them
	known  any        // the scalar's value where it is part of the shape: Boolean, or an enum that is structural
}

type argField struct {
	name  string
	value arg
}

// field returns a field of an object; false when it is not given.
func (a arg) field(name string) (arg, bool) {
	for _, f := range a.fields {
		if f.name == name {
			return f.value, true
		}
	}
	return arg{}, false
}

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
		return b.variable(value, typ, input{variable: v.Raw}), true
	}
	def := b.api.schema.Types[typ.Name()]
	isStructural := b.api.structural[def.Name]
	isKnown := isStructural && typ.Elem == nil
	switch {
	case v.Kind == ast.NullValue:
		return arg{null: true}, true
	case isKnown, def.Kind != ast.InputObject && !isStructural:
		a := arg{input: input{document: v}}
		if v.Kind == ast.BooleanValue || isKnown {
			a.known = literal(v, nil)
		}
		return a, true
	case typ.Elem == nil:
		return b.object(v, def), true
	case v.Kind == ast.ListValue:
		return b.list(v, typ.Elem), true
	}
	item, ok := b.arg(v, typ.Elem) // a single value stands for a list of one
	return arg{items: []arg{item}}, ok
}

func (b *builder) list(v *ast.Value, typ *ast.Type) (a arg) {
	for _, child := range v.Children {
		if item, ok := b.arg(child.Value, typ); ok {
			a.items = append(a.items, item)
		}
	}
	return a
}

func (b *builder) object(v *ast.Value, def *ast.Definition) (a arg) {
	for _, f := range def.Fields {
		child := v.Children.ForName(f.Name)
		if child == nil {
			continue
		}
		if value, ok := b.arg(child, f.Type); ok {
			a.fields = append(a.fields, argField{f.Name, value})
		}
	}
	return a
}

// variable reads a value of the variables; in is where binding finds it again.
func (b *builder) variable(value any, typ *ast.Type, in input) arg {
	def := b.api.schema.Types[typ.Name()]
	isStructural := b.api.structural[def.Name]
	isKnown := isStructural && typ.Elem == nil
	switch {
	case value == nil:
		return arg{null: true}
	case isKnown, def.Kind != ast.InputObject && !isStructural:
		a := arg{input: in}
		if _, isBool := value.(bool); isBool || isKnown {
			a.known = value
		}
		return a
	case typ.Elem != nil:
		var a arg
		for i, item := range asList(value) {
			a.items = append(a.items, b.variable(item, typ.Elem, in.element(i)))
		}
		return a
	}
	var a arg
	object, _ := value.(map[string]any)
	for _, f := range def.Fields {
		if child, given := object[f.Name]; given {
			a.fields = append(a.fields, argField{f.Name, b.variable(child, f.Type, in.field(f.Name))})
		}
	}
	return a
}
