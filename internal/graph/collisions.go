package graph

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// The SDL of the API is the only list of the names that it derives. A name that is in it twice is one that the schema and the API, or two types
// of the schema, want to have.

// collisions says which names of the SDL are there twice, at the places in the schema that give them. cause is why the SDL cannot be loaded.
func (a *API) collisions(cause error) error {
	doc, err := parser.ParseSchema(&ast.Source{Name: "api.graphql", Input: a.sdl})
	if err != nil {
		return &fault.Error{Code: fault.Internal, Op: "derive the API", Err: err}
	}
	var list diag.List
	types := map[string]bool{"Int": true, "Float": true, "String": true, "Boolean": true, "ID": true}
	for _, def := range doc.Definitions {
		if types[def.Name] {
			list = append(list, collision(a.placeOf(def.Name), fmt.Sprintf("the API derives a type named %q from another definition", def.Name)))
		}
		types[def.Name] = true
		list = append(list, a.sharedNames(def)...)
	}
	if err := list.Err("derive the API"); err != nil {
		return err
	}
	return &fault.Error{Code: fault.Invalid, Op: "derive the API", Err: cause, Message: "the schema has a name that the API needs: " + cause.Error(),
		Hint: "rename it, or give it another name in the API with @api(name: \"…\")"}
}

func collision(at schema.Position, message string) diag.Diagnostic {
	return diag.Diagnostic{
		Severity: diag.Error, Code: "name-collision", Position: at, Message: message,
		Remedy: `rename it, or give it another name in the API with @api(name: "…")`,
	}
}

// sharedNames reports the names of fields and values that a definition has twice.
func (a *API) sharedNames(def *ast.Definition) (list diag.List) {
	names := map[string]bool{}
	add := func(name string) {
		if names[name] {
			list = append(list, collision(a.placeOfField(def.Name, name), fmt.Sprintf("%s of the API would have %q twice", def.Name, name)))
		}
		names[name] = true
	}
	for _, f := range def.Fields {
		add(f.Name)
	}
	for _, v := range def.EnumValues {
		add(v.Name)
	}
	return list
}

// placeOf returns where the schema defines what has a name in the API.
func (a *API) placeOf(name string) schema.Position {
	for _, o := range a.objects {
		if o.typ.APIName() == name {
			return o.typ.Pos
		}
	}
	for _, t := range a.model.Plain {
		if t.Name == name {
			return t.Pos
		}
	}
	if e := a.model.Enum(name); e != nil {
		return e.Pos
	}
	if o := a.derives(name); o != nil {
		return o.typ.Pos
	}
	at, longest := schema.Position{}, ""
	for _, e := range a.model.Enums {
		if strings.HasPrefix(name, e.Name) && len(e.Name) > len(longest) {
			at, longest = e.Pos, e.Name
		}
	}
	return at
}

// derives returns the object from which the API derives a type: that with the longest name that the name begins with.
func (a *API) derives(name string) (owner *object) {
	for _, o := range a.objects {
		isOwner := strings.HasPrefix(name, o.typ.APIName())
		if isOwner && (owner == nil || len(o.typ.APIName()) > len(owner.typ.APIName())) {
			owner = o
		}
	}
	return owner
}

// placeOfField returns where the schema defines what has the name of a field in the API.
func (a *API) placeOfField(def, name string) schema.Position {
	for _, c := range a.model.Customs {
		if c.Name == name && c.Mutation == (def == "Mutation") {
			return c.Pos
		}
	}
	if m, ok := a.mutations[name]; ok && def == "Mutation" {
		return m.object.typ.Pos
	}
	if o := a.single[name]; o != nil && def == "Query" {
		return o.typ.Pos
	}
	o := a.derives(def)
	if o == nil {
		return schema.Position{}
	}
	for _, f := range o.typ.Fields {
		if f.APIName() == name {
			return f.Pos
		}
	}
	return o.typ.Pos
}
