package sdl

import (
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// graphqlName is a name of GraphQL: https://spec.graphql.org/October2021/#Name.
var graphqlName = regexp.MustCompile(`^[_A-Za-z][_0-9A-Za-z]*$`)

// shown reads @api; f is the field that it is on, nil for a type.
func (b *builder) shown(u *use, f *fieldDecl) (s schema.Shown) {
	s.Name, s.Plural = b.apiName(u, "name"), b.apiName(u, "plural")
	if f != nil && u.args["plural"] != nil {
		b.errorf(codeInvalidAPI, u.args["plural"].Position, "write the name of the field as name: …", "only a type has a plural")
	}
	switch v := u.args["hide"]; {
	case v == nil:
	case v.Kind == ast.BooleanValue && v.Raw == "true":
		s.Hidden = true
	default:
		s.HideIn = b.hiddenIn(v, f)
	}
	if s.Hidden && s.Name+s.Plural != "" {
		b.errorf(codeInvalidAPI, u.Position, "remove the name, or hide: true", "what the API does not have needs no name in it")
	}
	return s
}

// apiName reads an argument that names something in the API.
func (b *builder) apiName(u *use, arg string) string {
	name, v := u.text(arg), u.args[arg]
	switch {
	case v == nil:
		return ""
	case !graphqlName.MatchString(name):
		b.errorf(codeInvalidAPI, v.Position, "write letters, digits and _, beginning with a letter", "%q is not a name of GraphQL", name)
		return ""
	case strings.HasPrefix(name, "__"):
		b.errorf(codeReserved, v.Position, "choose another name", "names that start with \"__\" are reserved by GraphQL")
		return ""
	}
	return name
}

// hiddenIn reads the operations in which the API does not have something.
func (b *builder) hiddenIn(v *ast.Value, f *fieldDecl) (list []schema.Operation) {
	for _, item := range items(v) {
		op := schema.Operation(item.Raw)
		switch {
		case item.Kind != ast.EnumValue || !slices.Contains(schema.Operations[:], op):
			b.errorf(codeInvalidAPI, item.Position, "write hide: true, or operations: hide: [CREATE, DELETE]", "hide must be true or a list of %s", orList(operations))
		case f != nil && op == schema.Delete:
			b.errorf(codeInvalidAPI, item.Position, "remove it", "a field has no DELETE of its own")
		case slices.Contains(list, op):
			b.errorf(codeInvalidAPI, item.Position, "remove one of them", "%s is listed twice", op)
		default:
			list = append(list, op)
		}
	}
	return list
}

// checkShown reports what the API could not do without, once all is known.
func (b *builder) checkShown(t *typeDecl) {
	creates := !t.API.Hides(schema.Create) && slices.ContainsFunc(t.Rules, func(r schema.Rule) bool { return r.Allows(schema.Create) })
	for _, f := range t.fields {
		u := f.uses.one("api")
		if u == nil || u.args["hide"] == nil {
			continue
		}
		at := u.args["hide"].Position
		needed := creates && f.Type.NonNull && len(f.Columns()) > 0 && !f.HasValue()
		switch {
		case slices.Contains(t.Key, f.Field) && f.API.Hides(schema.Read):
			b.errorf(codeInvalidAPI, at, "hide operations of the type in its place: @api(hide: [READ])", "%q is part of the key, by which clients name rows", f.Name)
		case needed && f.API.Hides(schema.Create):
			b.errorf(codeInvalidAPI, at, "give it a @default, make it optional, or write @api(hide: [CREATE]) on "+t.Name,
				"%q is required, so that nothing could create a %s without it", f.Name, t.Name)
		}
	}
}

// checkShownNames reports fields of a type that would have the same name in the API.
func (b *builder) checkShownNames(t *typeDecl) {
	in := names{}
	for _, f := range slices.Concat(t.fields, t.computed) {
		if f.broken || f.API.Hidden {
			continue
		}
		name := f.APIName()
		if f.API.Name != "" && slices.Contains([]string{"and", "or", "not"}, name) {
			b.reportAt(codeReserved, f.Pos, "choose another name", `"`+name+`" is reserved: it combines conditions in where`)
		}
		b.claim(in, name, t.Name+"."+f.Name, f.Pos, `give one of them another name: @api(name: "…")`)
	}
	for _, f := range t.fields {
		if isShown := !f.broken && !f.API.Hidden; isShown && f.Relation != nil {
			b.checkShownKey(t, f)
		}
	}
}

// checkShownKey reports fields of a type that have the name of a part of the key that a reference holds.
func (b *builder) checkShownKey(t *typeDecl, f *fieldDecl) {
	for _, k := range f.APIKeyFields() {
		at := schema.Position{}
		for _, g := range slices.Concat(t.fields, t.computed) {
			if isNew := g.API.Name != "" || g.Computed != nil; isNew && g.APIName() == k.Name {
				at = g.Pos
			}
		}
		if at != (schema.Position{}) {
			b.reportAt(codeCollision, at, "choose another name", "the key of "+f.Name+` would also be named "`+k.Name+`"`)
		}
	}
}

// apiDirective prints @api, or nothing.
func apiDirective(s schema.Shown) string {
	hide := list("hide", words(s.HideIn...))
	if s.Hidden {
		hide = "hide: true"
	}
	return directive("api", text("name", s.Name), text("plural", s.Plural), hide)
}

// shownAs returns the definition that the API shows under a name, or nil.
func (b *builder) shownAs(name string) *ast.Definition {
	for _, t := range b.types {
		if (t.stored || t.view) && t.APIName() == name {
			return t.def
		}
	}
	for _, d := range b.defs {
		t := b.named[d.Name]
		if isRenamed := t != nil && t.API.Name != ""; d.Name == name && !isRenamed {
			return d
		}
	}
	return nil
}
