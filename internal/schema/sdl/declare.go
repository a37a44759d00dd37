package sdl

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
)

// unsupported reports what GraphQL has and a schema of Krowoc does not. The definitions of Directives are
// let through, since editors need them somewhere.
func (b *builder) unsupported(doc *ast.SchemaDocument) {
	for _, d := range doc.Directives {
		known := func(s directiveSpec) bool { return s.name == d.Name }
		if !slices.ContainsFunc(directiveSpecs[:], known) {
			b.errorf(codeUnsupported, d.Position, "remove it: the directives are built in", "a schema cannot define directives")
		}
	}
	for _, s := range slices.Concat(doc.Schema, doc.SchemaExtension) {
		b.errorf(codeUnsupported, s.Position, "remove it: queries and mutations are derived from the types", "a schema has no schema definition")
	}
	for _, d := range doc.Extensions {
		b.errorf(codeUnsupported, d.Position, "put its fields into the type itself", "types are not extended")
	}
	for _, d := range doc.DirectiveExtensions {
		b.errorf(codeUnsupported, d.Position, "remove it: the directives are built in", "directives are not extended")
	}
}

// declare makes a type or an enum of every definition.
func (b *builder) declare() {
	seen := map[string]*ast.Position{}
	for _, d := range b.defs {
		if strings.HasPrefix(d.Name, reservedPrefix) || d.Kind == ast.Scalar && isScalar(d.Name) {
			continue // from Directives
		}
		if !b.declarable(d) {
			b.broken[d.Name] = true
			continue
		}
		if first := seen[d.Name]; first != nil {
			b.errorf(codeDuplicate, d.Position, "rename or remove one", "%s is already defined on line %d", d.Name, b.position(first).Line)
			continue
		}
		seen[d.Name] = d.Position
		if d.Kind == ast.Enum {
			b.declareEnum(d)
		} else {
			b.declareType(d)
		}
	}
}

// declarable reports a definition that a schema cannot have.
func (b *builder) declarable(d *ast.Definition) bool {
	kind := strings.ReplaceAll(strings.ToLower(string(d.Kind)), "input_object", "input")
	switch d.Kind {
	case ast.Object, ast.Enum:
	case ast.Scalar:
		b.errorf(codeUnsupported, d.Position, "use "+orList(scalarNames())+", with a @check or @pattern for what is special", "a schema cannot define scalars")
		return false
	default:
		b.errorf(codeUnsupported, d.Position, "the API's inputs, connections and edges are derived from the types", "a schema has types and enums, no %s", kind)
		return false
	}
	switch {
	case strings.HasPrefix(d.Name, "__"):
		b.errorf(codeReserved, d.Position, "choose another name", "names that start with __ belong to GraphQL")
	case isScalar(d.Name):
		b.errorf(codeReserved, d.Position, "choose another name", "%s is a built-in scalar", d.Name)
	case slices.Contains([]string{"Query", "Mutation", "Subscription", "PageInfo", "OrderDirection"}, d.Name):
		b.errorf(codeReserved, d.Position, "choose another name; the API's queries and mutations are derived from the types", "%s belongs to the API", d.Name)
	default:
		if len(d.Interfaces) > 0 {
			b.errorf(codeUnsupported, d.Position, "remove implements", "types do not implement interfaces")
		}
		return true
	}
	return false
}

func isScalar(name string) bool { return slices.Contains(scalarNames(), name) }

func scalarNames() []string { return words(schema.Scalars[:]...) }

func (b *builder) declareEnum(d *ast.Definition) {
	us := b.directives(d.Directives, onEnum, "an enum")
	e := &schema.Enum{
		Name: d.Name, Description: d.Description, DBName: schema.SnakeCase(d.Name),
		RenamedFrom: us.one("renamed").text("from"), Pos: b.position(d.Position),
	}
	names := map[string]bool{}
	for _, v := range d.EnumValues {
		switch {
		case slices.Contains([]string{"true", "false", "null"}, v.Name) || strings.HasPrefix(v.Name, "__"):
			b.errorf(codeReserved, v.Position, "choose another name", "%s cannot name an enum value", v.Name)
			continue
		case names[v.Name]:
			b.errorf(codeDuplicate, v.Position, "remove one", "%s already has a value %s", d.Name, v.Name)
			continue
		case len(v.Name) > schema.MaxName:
			b.errorf(codeInvalidName, v.Position, "shorten it", "the name has %d bytes and Postgres keeps %d", len(v.Name), schema.MaxName)
		}
		names[v.Name] = true
		vs := b.directives(v.Directives, onEnumValue, "an enum value")
		e.Values = append(e.Values, schema.EnumValue{
			Name: v.Name, Description: v.Description, RenamedFrom: vs.one("renamed").text("from"), Pos: b.position(v.Position),
		})
		b.renamed(vs, "a value", v.Name, func(from string) bool { return d.EnumValues.ForName(from) != nil })
	}
	if len(d.EnumValues) == 0 {
		b.errorf(codeSyntax, d.Position, "give it values: enum "+d.Name+" { ONE TWO }", "the enum %s has no values", d.Name)
	}
	b.enums = append(b.enums, e)
	b.enumOf[d.Name] = e
	b.renamed(us, "a type", d.Name, b.defined)
}

// defined reports whether the source defines a type or an enum of that name.
func (b *builder) defined(name string) bool { return b.defs.ForName(name) != nil }

// renamed checks that the old name in @renamed(from:) is gone.
func (b *builder) renamed(us uses, what, name string, exists func(string) bool) {
	u := us.one("renamed")
	if u == nil {
		return
	}
	switch from := u.text("from"); {
	case from == name:
		b.errorf(codeInvalidRename, u.args["from"].Position, "write the name it had before", "%s is its name now", name)
	case from == "":
		b.errorf(codeInvalidRename, u.args["from"].Position, "write the name it had before", "the old name is empty")
	case exists(from):
		b.errorf(codeInvalidRename, u.args["from"].Position, "remove the directive, or what still has the old name", "there still is %s named %s", what, from)
	}
}

func (b *builder) declareType(d *ast.Definition) {
	t := &typeDecl{def: d, Type: &schema.Type{Name: d.Name, Description: d.Description, Pos: b.position(d.Position)}}
	if t.stored = b.isStored(d); t.stored {
		t.uses = b.directives(d.Directives, onType, "a type")
		table := t.uses.one("table")
		t.Table = b.physicalName(table, "name", schema.Plural(schema.SnakeCase(d.Name)))
		t.RenamedFrom = t.uses.one("renamed").text("from")
		b.renamed(t.uses, "a type", d.Name, b.defined)
	} else {
		b.directives(d.Directives, 0, "a type that is not stored")
	}
	if len(d.Fields) == 0 {
		b.errorf(codeSyntax, d.Position, "give it fields: type "+d.Name+" { name: String! }", "the type %s has no fields", d.Name)
	}
	b.types = append(b.types, t)
	b.named[d.Name] = t
	for _, fd := range d.Fields {
		b.declareField(t, fd)
	}
}

// isStored reports whether a type is meant to be stored. One that lacks a @table and has what only stored
// types have is, so that the slip is reported once and not wherever the type is used.
func (b *builder) isStored(d *ast.Definition) bool {
	if d.Directives.ForName("table") != nil {
		return true
	}
	for _, dir := range d.Directives {
		if diag.Suggest(dir.Name, []string{"table"}) != "" {
			return true // directives reports it
		}
	}
	for _, dir := range d.Directives {
		for _, spec := range directiveSpecs {
			if spec.name == dir.Name && spec.on&onType != 0 {
				b.errorf(codeMisplaced, dir.Position, "add @table to "+d.Name, "@%s is for stored types, and %s is not stored", dir.Name, d.Name)
				return true
			}
		}
	}
	return false
}

func (b *builder) declareField(t *typeDecl, fd *ast.FieldDefinition) {
	switch {
	case strings.HasPrefix(fd.Name, "__"):
		b.errorf(codeReserved, fd.Position, "choose another name", "names that start with __ belong to GraphQL")
		return
	case t.field(fd.Name) != nil:
		first := b.position(t.field(fd.Name).def.Position).Line
		b.errorf(codeDuplicate, fd.Position, "rename or remove one", "%s already has a field %s, on line %d", t.Name, fd.Name, first)
		return
	}
	if len(fd.Arguments) > 0 {
		b.errorf(codeFieldArguments, fd.Arguments[0].Position, "remove them: lists get where, orderBy and first by themselves", "fields take no arguments")
	}
	f := &fieldDecl{def: fd, Field: &schema.Field{Name: fd.Name, Description: fd.Description, Owner: t.Type, Pos: b.position(fd.Position)}}
	t.fields = append(t.fields, f)
	t.Fields = append(t.Fields, f.Field)
}
