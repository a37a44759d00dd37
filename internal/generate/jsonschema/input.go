package jsonschema

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// inputs makes the definitions of the filters of the API. Those of one type that refer to another are made twice: for the bundle, and
// for a file per type, where they name the other's file, or the bundle for what all types share.
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
