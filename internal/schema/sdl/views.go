package sdl

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// declareView reads @view of a type: a view of the database that migrations of the team make.
func (b *builder) declareView(t *typeDecl, d *ast.Definition) {
	t.view, t.View = true, true
	t.uses = b.directives(d.Directives, onView, "a type over a view")
	t.Table = b.physicalName(t.uses.one("view"), "name", schema.Plural(schema.SnakeCase(d.Name)))
}

// views calls f with every type over a view.
func (b *builder) views(f func(*typeDecl)) {
	for _, t := range b.types {
		if t.view {
			f(t)
		}
	}
}

// resolveView reads the fields, the key and the rules of a type over a view.
func (b *builder) resolveView(t *typeDecl) {
	for _, f := range t.fields {
		b.viewField(f)
	}
	b.viewKey(t)
	if u := t.uses.one("api"); u != nil {
		t.API = b.shown(u, nil)
	}
	if u := t.uses.one("auth"); u != nil {
		t.Rules, t.Fresh = b.readRules(b.rules(t, u, false)), b.fresh(u, false)
	}
	for _, f := range t.fields {
		if u := f.uses.one("auth"); u != nil {
			f.Auth = u.args["rules"] != nil
			f.Rules, f.Fresh = b.readRules(b.rules(t, u, true)), b.fresh(u, true)
		}
		if f.API.Hides(schema.Read) && slices.Contains(t.Key, f.Field) {
			b.errorf(codeInvalidAPI, f.def.Position, "hide operations of the type in its place: @api(hide: [READ])", "%q is part of the key, by which clients name rows", f.Name)
		}
	}
}

func (b *builder) viewField(f *fieldDecl) {
	f.uses = b.directives(f.def.Directives, onViewField, "a field of a view")
	f.Deprecated = b.deprecated(f.uses)
	col := f.uses.one("col")
	f.Column, f.DataType = b.physicalName(col, "name", schema.SnakeCase(f.Name)), b.dataType(col)
	if u := f.uses.one("api"); u != nil {
		f.API = b.shown(u, f)
	}
	if f.Type.Object != nil {
		b.errorf(codeInvalidView, namedType(f.def.Type).Position, "write the key of the row as a field: "+f.Name+"Id: ID", "a view has columns and no relations, so that %q cannot have type %q", f.Name, f.Type.Object.Name)
		f.broken, f.Type.Object, f.Type.Scalar = true, nil, schema.JSON
	}
}

// viewKey finds the fields that tell the rows apart. Nothing checks that they do.
func (b *builder) viewKey(t *typeDecl) {
	u := t.uses.one("view")
	if u == nil || u.args["key"] == nil {
		own := t.field("id")
		if own == nil || !keyable(own.Type) {
			b.errorf(codeInvalidView, t.def.Position, `write @view(key: ["…"])`, "%q has no field id that tells its rows apart", t.Name)
			return
		}
		t.Key = []*schema.Field{own.Field}
		return
	}
	for _, v := range u.items("key") {
		f := b.fieldNamed(t, v)
		switch {
		case f == nil || f.broken:
		case !keyable(f.Type):
			b.errorf(codeInvalidView, v.Position, "name required fields that are no lists", "%q has type %s and cannot be part of a key", f.Name, f.Type)
		case slices.Contains(t.Key, f.Field):
			b.errorf(codeInvalidView, v.Position, "remove one of them", "%q is listed twice", f.Name)
		default:
			t.Key = append(t.Key, f.Field)
		}
	}
}

// readRules keeps what rules allow of a view, and reports those that name other operations.
func (b *builder) readRules(rules []schema.Rule) []schema.Rule {
	for i, r := range rules {
		isDefault := len(r.Operations) >= len(schema.Operations)-1
		if !isDefault && !slices.Equal(r.Operations, []schema.Operation{schema.Read}) {
			b.reportAt(codeInvalidRule, r.Pos, "write operations: [READ], or leave it out", "nobody can write a view")
		}
		rules[i].Operations = []schema.Operation{schema.Read}
	}
	return rules
}

// viewNames reports the names of views that others have.
func (b *builder) viewNames(t *typeDecl, relations, fields, types names) {
	b.claim(relations, t.Table, "the view of "+t.Name, t.Pos, `name another view: @view(name: "…")`)
	if t.API.Hidden {
		return
	}
	b.checkShownNames(t)
	b.claim(types, t.APIName(), "the type "+t.Name, t.Pos, `give one of them another name: @api(name: "…")`)
	b.claim(fields, schema.CamelCase(t.APIName()), "the query for a single "+t.Name, t.Pos, "rename one of the types")
	b.claim(fields, t.APIList(), "the query for a list of "+t.Name, t.Pos, "rename one of the types")
	b.apiTypes(t.APIName(), "Connection", "Edge", "Where", "ListWhere", "Order")
	for _, f := range t.fields {
		if slices.Contains([]string{"and", "or", "not"}, f.Name) && f.API.Name == "" {
			b.errorf(codeReserved, f.def.Position, "choose another name", "%q is reserved: it combines conditions in where", f.Name)
		}
	}
}
