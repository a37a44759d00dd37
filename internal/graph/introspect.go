package graph

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2/ast"
)

// maxIntrospection limits the value of __schema or __type, in bytes, because aliases can multiply it without end.
const maxIntrospection = 8 << 20

// Introspection is the value of __schema or __type: its selection, and which type.
type Introspection struct {
	api       *API
	name      input // of __type
	selection *inspection
}

// JSON returns the value for a request.
func (i *Introspection) JSON(vars map[string]any) ([]byte, error) {
	var object any = introspection.WrapSchema(i.api.schema)
	if i.ofType() {
		name, _ := i.name.read(vars).(string)
		def := i.api.schema.Types[name]
		if def == nil {
			return []byte("null"), nil
		}
		object = introspection.WrapTypeFromDef(i.api.schema, def)
	}
	out := i.selection.write(nil, object)
	if len(out) > maxIntrospection {
		return nil, invalid("the answer about the schema would be too large", "select fewer fields")
	}
	return out, nil
}

func (i *Introspection) ofType() bool { return i.name.document != nil }

// String describes the field.
func (i *Introspection) String() string {
	if i.ofType() {
		return "introspection of the type " + i.name.String()
	}
	return "introspection of the schema"
}

// introspect plans __schema or __type.
func (b *builder) introspect(f selected) (*Introspection, error) {
	i := &Introspection{api: b.api}
	if f.Name == "__type" {
		i.name = input{document: f.Arguments.ForName("name").Value}
	}
	w := &introspector{builder: b}
	var err error
	i.selection, err = w.plan(f.selections)
	return i, err
}

// introspector collects the selections of an introspection query, as the builder does for rows.
type introspector struct{ builder *builder }

// inspection is a selection of one introspection object, its fragments merged.
type inspection struct {
	typeName string
	fields   []inspected
}

type inspected struct {
	key        string
	name       string
	deprecated bool // includeDeprecated
	children   *inspection
}

func (w *introspector) plan(sets []ast.SelectionSet) (*inspection, error) {
	fields, err := w.builder.collect(sets...)
	if err != nil {
		return nil, err
	}
	out := &inspection{}
	for _, f := range fields {
		i := inspected{key: f.Alias, name: f.Name}
		out.typeName = f.ObjectDefinition.Name
		if arg := f.Arguments.ForName("includeDeprecated"); arg != nil {
			i.deprecated, _ = literal(arg.Value, w.builder.vars).(bool)
		}
		if len(f.selections) > 0 {
			if i.children, err = w.plan(f.selections); err != nil {
				return nil, err
			}
		}
		out.fields = append(out.fields, i)
	}
	return out, nil
}

// write appends the JSON of an introspection object.
func (p *inspection) write(out []byte, object any) []byte {
	if len(out) > maxIntrospection {
		return out // refused above
	}
	out = append(out, '{')
	for i, f := range p.fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = append(out, f.key...)
		out = append(out, `":`...)
		if f.name == "__typename" {
			out = append(out, `"`+p.typeName+`"`...)
			continue
		}
		out = f.write(out, f.read(object))
	}
	return append(out, '}')
}

// write appends the JSON of a field's value.
func (f inspected) write(out []byte, value any) []byte {
	switch v := value.(type) {
	case []any:
		out = append(out, '[')
		for i, item := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = f.write(out, item)
		}
		return append(out, ']')
	case nil:
		return append(out, "null"...)
	}
	if f.children != nil {
		return f.children.write(out, value)
	}
	text, err := json.Marshal(value) // of a string, a bool or a list of strings
	if err != nil {
		return append(out, "null"...)
	}
	return append(out, text...)
}

// read returns the value of the field in an introspection object: an object, a []any of objects, a scalar, or nil.
func (f inspected) read(object any) any {
	switch o := object.(type) {
	case *introspection.Schema:
		return f.readSchema(o)
	case *introspection.Type:
		return f.readType(o)
	case introspection.Field:
		switch f.name {
		case "args":
			return objects(o.VisibleArgs(f.deprecated))
		case "type":
			return orNil(o.Type)
		}
		return f.readCommon(o.Name, o.Description(), o.IsDeprecated(), o.DeprecationReason())
	case introspection.InputValue:
		switch f.name {
		case "type":
			return orNil(o.Type)
		case "defaultValue":
			return orNil(o.DefaultValue)
		}
		return f.readCommon(o.Name, o.Description(), o.IsDeprecated(), o.DeprecationReason())
	case introspection.EnumValue:
		return f.readCommon(o.Name, o.Description(), o.IsDeprecated(), o.DeprecationReason())
	case introspection.Directive:
		switch f.name {
		case "locations":
			return o.Locations
		case "args":
			return objects(o.VisibleArgs(f.deprecated))
		case "isRepeatable":
			return o.IsRepeatable
		}
		return f.readCommon(o.Name, o.Description(), false, nil)
	}
	return nil
}

func (f inspected) readCommon(name string, description *string, deprecated bool, reason *string) any {
	switch f.name {
	case "name":
		return name
	case "description":
		return orNil(description)
	case "isDeprecated":
		return deprecated
	case "deprecationReason":
		return orNil(reason)
	}
	return nil
}

func (f inspected) readSchema(s *introspection.Schema) any {
	switch f.name {
	case "description":
		return orNil(s.Description())
	case "types":
		return typesOf(s.Types())
	case "queryType":
		return orNil(s.QueryType())
	case "mutationType":
		return orNil(s.MutationType())
	case "subscriptionType":
		return orNil(s.SubscriptionType())
	case "directives":
		return objects(s.Directives())
	}
	return nil
}

func (f inspected) readType(t *introspection.Type) any {
	kind := t.Kind()
	switch f.name {
	case "kind":
		return kind
	case "name":
		return orNil(t.Name())
	case "description":
		return orNil(t.Description())
	case "specifiedByURL":
		return orNil(t.SpecifiedByURL())
	case "ofType":
		return orNil(t.OfType())
	case "isOneOf":
		return only(kind, "INPUT_OBJECT", func() any { return t.IsOneOf() })
	case "fields":
		return only(kind, "OBJECT INTERFACE", func() any { return objects(t.Fields(f.deprecated)) })
	case "interfaces":
		return only(kind, "OBJECT INTERFACE", func() any { return typesOf(t.Interfaces()) })
	case "possibleTypes":
		return only(kind, "INTERFACE", func() any { return typesOf(t.PossibleTypes()) })
	case "enumValues":
		return only(kind, "ENUM", func() any { return objects(t.EnumValues(f.deprecated)) })
	case "inputFields":
		return only(kind, "INPUT_OBJECT", func() any { return objects(t.VisibleInputFields(f.deprecated)) })
	}
	return nil
}

// typesOf returns types as objects.
func typesOf(types []introspection.Type) []any {
	out := make([]any, len(types))
	for i := range types {
		out[i] = &types[i]
	}
	return out
}

// only calls value for types of some kinds, and returns nil for others.
func only(kind, want string, value func() any) any {
	if !slices.Contains(strings.Fields(want), kind) {
		return nil
	}
	return value()
}

// orNil returns what a pointer points at, a *introspection.Type itself, or an untyped nil.
func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	if t, ok := any(p).(*introspection.Type); ok {
		return t
	}
	return *p
}

func objects[T any](list []T) []any {
	out := make([]any, len(list))
	for i, item := range list {
		out[i] = item
	}
	return out
}
