package graph

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// input is where the value of an argument stands: in a variable, or in the document.
type input struct {
	variable string     // its name; empty for a value of the document
	path     []segment  // within the variable
	document *ast.Value // may contain variables
}

// segment leads from an object to a field, or from a list to an element.
type segment struct {
	field string // empty for an element
	index int
}

// field returns the input of a field of an object that in holds; element that of an element of a list.
func (in input) field(name string) input { return in.child(segment{field: name}) }

func (in input) element(i int) input { return in.child(segment{index: i}) }

func (in input) child(s segment) input {
	in.path = append(in.path[:len(in.path):len(in.path)], s)
	return in
}

// read returns the value. Requests of one shape have the fields and elements that the path names; others read nil.
func (in input) read(vars map[string]any) any {
	if in.document != nil {
		return literal(in.document, vars)
	}
	value := vars[in.variable]
	for _, s := range in.path {
		if s.field != "" {
			object, _ := value.(map[string]any)
			value = object[s.field]
			continue
		}
		list := asList(value)
		if s.index >= len(list) {
			return nil
		}
		value = list[s.index]
	}
	return value
}

// constant reports whether every request has the same value.
func (in input) constant() bool { return in.document != nil && !hasVariables(in.document) }

func hasVariables(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, child := range v.Children {
		if hasVariables(child.Value) {
			return true
		}
	}
	return false
}

// String returns the input as the document names it: $w.and[0].title.eq.
func (in input) String() string {
	if in.document != nil {
		return in.document.String()
	}
	var b strings.Builder
	b.WriteString("$" + in.variable)
	for _, s := range in.path {
		if s.field != "" {
			b.WriteString("." + s.field)
		} else {
			fmt.Fprintf(&b, "[%d]", s.index)
		}
	}
	return b.String()
}

// literal returns a value of the document. Numbers keep their digits, because a Decimal is not a float.
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
