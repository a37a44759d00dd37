// Package jsonschema writes JSON Schemas of draft 2020-12 (https://json-schema.org/draft/2020-12): one bundle, and one file per
// type.
package jsonschema

import (
	"errors"
	"runtime"

	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

// Target returns the target for JSON Schema. api returns the GraphQL API of a schema, which defines the filters of the types.
func Target(api func(*schema.Schema) (*ast.Schema, error)) generate.Target {
	return generate.Target{
		Name: "jsonschema", Out: "schemas", Doc: "JSON Schema (draft 2020-12): a bundle, and a file per type",
		Files: func(in generate.Input) ([]generate.File, error) {
			return files(in, func() (*ast.Schema, error) { return api(in.Schema) })
		},
	}
}

// suffixes are the suffixes of a stored type's definitions: its row, create and patch.
var suffixes = [...]string{"", "Create", "Patch"}

// bundle is the name of the file with all types.
const bundle = "schema"

const dialect = "https://json-schema.org/draft/2020-12/schema"

// types creates the definitions of one schema.
type types struct {
	project         string
	all, alone      map[string]written  // definitions by name: in the bundle and, if different, in the file of one type
	uses, usesAlone map[string][]string // the definitions that they refer to
	owner           map[string]string   // the type of each filter that belongs to one type
}

// id returns the identifier of the file of a type.
func (t *types) id(name string) string { return "urn:krowoc:" + t.project + ":" + name }

func files(in generate.Input, derive func() (*ast.Schema, error)) ([]generate.File, error) {
	t := &types{project: in.Project, all: map[string]written{}, alone: map[string]written{}, uses: map[string][]string{}, usesAlone: map[string][]string{}, owner: map[string]string{}}
	var api *ast.Schema
	var early, group errgroup.Group // work in parallel with deriving the API, and after it
	early.SetLimit(runtime.GOMAXPROCS(0) + 1)
	group.SetLimit(runtime.GOMAXPROCS(0))
	early.Go(func() (err error) {
		api, err = derive()
		return err
	})
	shapes := shape.Of(in.Schema)
	for _, s := range shapes {
		if err := t.stored(s); err != nil {
			return nil, errors.Join(err, early.Wait())
		}
		for _, suffix := range suffixes {
			text := t.all[s.Name+suffix]
			early.Go(func() error { text(); return nil })
		}
	}
	if err := early.Wait(); err != nil {
		return nil, err
	}
	var all []string
	roots := map[string][]string{}
	for _, s := range shapes {
		for _, suffix := range suffixes {
			roots[s.Name] = append(roots[s.Name], s.Name+suffix)
		}
		if api.Types[s.Name+"Where"] != nil {
			roots[s.Name] = append(roots[s.Name], s.Name+"Where", s.Name+"ListWhere")
			t.owner[s.Name+"Where"], t.owner[s.Name+"ListWhere"] = s.Name, s.Name
		}
		all = append(all, roots[s.Name]...)
	}
	for _, e := range in.Schema.Enums {
		t.all[e.Name] = definition(enumeration(e))
	}
	t.inputs(api)
	out := make([]generate.File, len(shapes)+1)
	write := func(i int, name, id string, body, definitions object) {
		group.Go(func() error {
			doc := append(object{{"$schema", dialect}, {"$id", t.id(id)}}, body...)
			out[i] = generate.File{Name: name, Content: append(doc, member{"$defs", definitions}).file()}
			return nil
		})
	}
	write(0, "schema.json", bundle, object{{"title", in.Project}}, t.definitions(all, false))
	for i, s := range shapes {
		write(i+1, s.Name+".json", s.Name, object{{"$ref", "#/$defs/" + s.Name}}, t.definitions(roots[s.Name], true))
	}
	return out, group.Wait()
}

// definitions returns the definitions that roots need, in order of their first use.
func (t *types) definitions(roots []string, alone bool) object {
	var out object
	seen := map[string]bool{}
	queue := append([]string{}, roots...)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		found, uses := t.all[name], t.uses[name]
		if other := t.alone[name]; alone && other != nil {
			found, uses = other, t.usesAlone[name]
		}
		if seen[name] || found == nil {
			continue
		}
		seen[name] = true
		out = append(out, member{name, found})
		queue = append(queue, uses...)
	}
	return out
}

// stored creates the definitions of a type: its row, create and patch.
func (t *types) stored(s shape.Type) error {
	var row, create, patch, required, needed object
	for _, f := range s.Fields {
		v, err := value(f)
		if err != nil {
			return err
		}
		annotated := annotate(v, f)
		row = append(row, member{f.Name, annotated})
		required = append(required, member{f.Name, nil})
		if f.InCreate() {
			create = append(create, member{f.Name, annotated})
		}
		if !f.Optional && f.InCreate() {
			needed = append(needed, member{f.Name, nil})
		}
		if !f.Fixed {
			patch = append(patch, member{f.Name, annotated})
		}
		if e := f.Enum(); e != nil {
			for _, suffix := range suffixes {
				t.uses[s.Name+suffix] = append(t.uses[s.Name+suffix], e.Name)
			}
		}
	}
	t.all[s.Name] = definition(object{{"title", s.Name}}.with("description", s.Description).with("type", "object").
		with("properties", row).with("required", names(required)).with("x-krowoc", aboutType(s)))
	t.all[s.Name+"Create"] = definition(object{{"title", s.Name + "Create"}, {"description", "Input that creates a " + s.Name + "."}, {"type", "object"}}.
		with("properties", create).with("required", names(needed)).with("additionalProperties", false))
	t.all[s.Name+"Patch"] = definition(object{{"title", s.Name + "Patch"}, {"description", "Input that changes a " + s.Name + ". Absent fields stay unchanged."}, {"type", "object"}}.
		with("properties", patch).with("additionalProperties", false))
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
	var described, reasons object
	for i, v := range e.Values {
		values[i] = v.Name
		described, reasons = described.with(v.Name, v.Description), reasons.with(v.Name, v.Deprecated)
	}
	about := object{}.with("values", described).with("deprecated", reasons)
	return object{{"title", e.Name}}.with("description", e.Description).with("type", "string").with("enum", values).with("x-krowoc", about)
}
