package jsonschema

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// inputs creates the definitions of the filters of the API, twice: for the bundle, and for the file of each type, in which references
// to another type lead to its file, and references to shared definitions lead to the bundle.
func (t *types) inputs(api *ast.Schema) {
	for name, d := range api.Types {
		if d.Kind != ast.InputObject || t.all[name] != nil {
			continue
		}
		t.all[name] = definition(inputObject(d, func(ref string) string {
			t.uses[name] = append(t.uses[name], ref)
			return "#/$defs/" + ref
		}))
		t.alone[name] = definition(inputObject(d, func(ref string) string {
			switch other := t.owner[ref]; {
			case other == "": // the filters of scalars and enums, which are the same for all
				return t.id(bundle) + "#/$defs/" + ref
			case other != t.owner[name]:
				return t.id(other) + "#/$defs/" + ref
			}
			t.usesAlone[name] = append(t.usesAlone[name], ref)
			return "#/$defs/" + ref
		}))
	}
}

func inputObject(d *ast.Definition, ref func(string) string) object {
	var properties object
	for _, f := range d.Fields {
		properties = append(properties, member{f.Name, input(f.Type, ref)})
	}
	return object{{"title", d.Name}}.with("description", d.Description).with("type", "object").
		with("properties", properties).with("additionalProperties", false)
}

// input returns the schema of a value of a filter.
func input(typ *ast.Type, ref func(string) string) object {
	if typ.Elem != nil {
		return object{{"type", "array"}, {"items", input(typ.Elem, ref)}}
	}
	if s, ok := scalars[schema.Scalar(typ.NamedType)]; ok {
		return s
	}
	return object{{"$ref", ref(typ.NamedType)}}
}
