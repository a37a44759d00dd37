// Package jsonschema writes JSON Schemas of draft 2020-12 (https://json-schema.org/draft/2020-12): one bundle, and one file per
// type.
package jsonschema

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

// Target returns the target. api returns the GraphQL API of a schema, whose filters are the where of the types.
func Target(api func(*schema.Schema) (*ast.Schema, error)) generate.Target {
	return generate.Target{
		Name: "jsonschema", Out: "schemas", Doc: "JSON Schema (draft 2020-12): a bundle, and a file per type",
		Files: func(in generate.Input) ([]generate.File, error) {
			derived, err := api(in.Schema)
			if err != nil {
				return nil, err
			}
			return files(in, derived)
		},
	}
}

const dialect = "https://json-schema.org/draft/2020-12/schema"

// types makes the definitions of one schema.
type types struct {
	all  map[string]object // definitions by name
	uses map[string][]string
}

func files(in generate.Input, api *ast.Schema) ([]generate.File, error) {
	t := &types{all: map[string]object{}, uses: map[string][]string{}}
	shapes := shape.Of(in.Schema)
	var names []string
	for _, s := range shapes {
		if err := t.stored(s); err != nil {
			return nil, err
		}
		names = append(names, s.Name, s.Name+"Create", s.Name+"Patch")
		if where := api.Types[s.Name+"Where"]; where != nil {
			names = append(names, where.Name)
		}
	}
	for _, e := range in.Schema.Enums {
		t.all[e.Name] = enumeration(e)
	}
	t.inputs(api)
	var out []generate.File
	add := func(name, id string, body object, roots []string) error {
		doc := append(object{{"$schema", dialect}, {"$id", "urn:krowoc:" + in.Project + ":" + id}}, body...)
		content, err := append(doc, member{"$defs", t.definitions(roots)}).file()
		out = append(out, generate.File{Name: name, Content: content})
		return err
	}
	if err := add("schema.json", "schema", object{{"title", in.Project}}, names); err != nil {
		return nil, err
	}
	for _, s := range shapes {
		roots := []string{s.Name, s.Name + "Create", s.Name + "Patch"}
		if api.Types[s.Name+"Where"] != nil {
			roots = append(roots, s.Name+"Where")
		}
		if err := add(s.Name+".json", s.Name, object{{"$ref", "#/$defs/" + s.Name}}, roots); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// definitions returns those that roots need, in the order in which they are met.
func (t *types) definitions(roots []string) object {
	var out object
	seen := map[string]bool{}
	queue := append([]string{}, roots...)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if seen[name] || t.all[name] == nil {
			continue
		}
		seen[name] = true
		out = append(out, member{name, t.all[name]})
		queue = append(queue, t.uses[name]...)
	}
	return out
}

// stored makes the definitions of a type: its rows, and what creates and patches them.
func (t *types) stored(s shape.Type) error {
	var row, create, patch, required, needed object
	for _, f := range s.Fields {
		v, err := value(f)
		if err != nil {
			return err
		}
		annotated := annotate(v, f)
		row = append(row, member{f.Name, annotated})
		create = append(create, member{f.Name, annotated})
		required = append(required, member{f.Name, nil})
		if !f.Optional {
			needed = append(needed, member{f.Name, nil})
		}
		if !f.Fixed {
			patch = append(patch, member{f.Name, annotated})
		}
		if e := f.Enum(); e != nil {
			for _, name := range []string{s.Name, s.Name + "Create", s.Name + "Patch"} {
				t.uses[name] = append(t.uses[name], e.Name)
			}
		}
	}
	t.all[s.Name] = object{{"title", s.Name}}.with("description", s.Description).with("type", "object").
		with("properties", row).with("required", names(required)).with("x-krowoc", aboutType(s))
	t.all[s.Name+"Create"] = object{{"title", s.Name + "Create"}, {"description", "What creates a " + s.Name + "."}, {"type", "object"}}.
		with("properties", create).with("required", names(needed)).with("additionalProperties", false)
	t.all[s.Name+"Patch"] = object{{"title", s.Name + "Patch"}, {"description", "What changes of a " + s.Name + "; what is absent stays."}, {"type", "object"}}.
		with("properties", patch).with("additionalProperties", false)
	return nil
}

func names(o object) []any {
	out := make([]any, len(o))
	for i, m := range o {
		out[i] = m.name
	}
	return out
}

func enumeration(e *schema.Enum) object {
	values := make([]any, len(e.Values))
	var described object
	for i, v := range e.Values {
		values[i] = v.Name
		described = described.with(v.Name, v.Description)
	}
	about := object{}.with("values", described)
	return object{{"title", e.Name}}.with("description", e.Description).with("type", "string").with("enum", values).with("x-krowoc", about)
}
