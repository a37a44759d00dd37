package jsonschema

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// inputs makes the definitions of the filters of the API.
func (t *types) inputs(api *ast.Schema) {
	for name, d := range api.Types {
		if d.Kind != ast.InputObject || t.all[name] != nil {
			continue
		}
		var properties object
		for _, f := range d.Fields {
			properties = append(properties, member{f.Name, t.input(name, f.Type)})
		}
		t.all[name] = object{{"title", name}}.with("description", d.Description).with("type", "object").
			with("properties", properties).with("additionalProperties", false)
	}
}

// input returns the schema of a value of a filter.
func (t *types) input(in string, typ *ast.Type) object {
	if typ.Elem != nil {
		return object{{"type", "array"}, {"items", t.input(in, typ.Elem)}}
	}
	if s, ok := scalars[schema.Scalar(typ.NamedType)]; ok {
		return s
	}
	t.uses[in] = append(t.uses[in], typ.NamedType)
	return object{{"$ref", "#/$defs/" + typ.NamedType}}
}
