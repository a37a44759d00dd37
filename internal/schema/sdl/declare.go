package sdl

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
)

// unsupported reports the definitions that GraphQL has and Krowoc does not support. Those that Directives returns are accepted,
// since editors need them in a file.
func (b *builder) unsupported(doc *ast.SchemaDocument) {
	for _, d := range doc.Directives {
		known := func(s directiveSpec) bool { return s.name == d.Name }
		if !slices.ContainsFunc(directiveSpecs[:], known) {
			b.errorf(codeUnsupported, d.Position, "remove the definition; the directives of a schema are built in", "custom directives are not supported")
		}
	}
	for _, s := range slices.Concat(doc.Schema, doc.SchemaExtension) {
		b.errorf(codeUnsupported, s.Position, "remove the block; queries and mutations are derived from the types", "a schema block is not supported")
	}
	for _, d := range doc.Extensions {
		if isRoot(d) {
			b.extensions = append(b.extensions, d)
			continue
		}
		b.errorf(codeUnsupported, d.Position, "move its fields into the type definition", "extending a type is not supported")
	}
	for _, d := range doc.DirectiveExtensions {
		b.errorf(codeUnsupported, d.Position, "remove the extension; the directives of a schema are built in", "extending a directive is not supported")
	}
}

// declare creates a type or an enum for every definition.
func (b *builder) declare() {
	seen := map[string]*ast.Position{}
	for _, d := range b.defs {
		if strings.HasPrefix(d.Name, reservedPrefix) || (d.Kind == ast.Scalar && isScalar(d.Name)) {
			continue // from Directives
		}
		if !b.declarable(d) {
			b.broken[d.Name] = true
			continue
		}
		if first := seen[d.Name]; first != nil {
			b.errorf(codeDuplicate, d.Position, "rename or remove one of them", "%q is already defined on %s", d.Name, b.lineOf(first, d.Position))
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

// declarable returns whether a schema may have the definition, and reports one that it may not.
func (b *builder) declarable(d *ast.Definition) bool {
	kind := strings.ReplaceAll(strings.ToLower(string(d.Kind)), "input_object", "input")
	switch d.Kind {
	case ast.Object, ast.Enum:
	case ast.Scalar:
		b.errorf(codeUnsupported, d.Position, "use one of "+orList(scalarNames())+", with @pattern or @check to restrict its values", "custom scalars are not supported")
		return false
	default:
		b.errorf(codeUnsupported, d.Position, "define a type or an enum; the inputs and connections of the API are derived from them", "%s definitions are not supported", kind)
		return false
	}
	switch {
	case strings.HasPrefix(d.Name, "__"):
		b.errorf(codeReserved, d.Position, "choose another name", "names that start with \"__\" are reserved by GraphQL")
	case isScalar(d.Name):
		b.errorf(codeReserved, d.Position, "choose another name", "%q is a built-in scalar", d.Name)
	case d.Name == "Query" || d.Name == "Mutation":
		b.errorf(codeReserved, d.Position, "to add fields of your own, write extend type "+d.Name, "%q is reserved by the API", d.Name)
	case slices.Contains([]string{"Subscription", "PageInfo", "OrderDirection", "AggregateInterval"}, d.Name):
		b.errorf(codeReserved, d.Position, "choose another name; queries and mutations are derived from the types", "%q is reserved by the API", d.Name)
	default:
		if len(d.Interfaces) > 0 {
			b.errorf(codeUnsupported, d.Position, "remove the implements clause", "types cannot implement interfaces")
		}
		return true
	}
	return false
}

func isScalar(name string) bool { return slices.Contains(scalarNames(), name) }

func scalarNames() []string { return words(schema.Scalars[:]...) }

// defined reports whether the source defines a type or an enum of that name.
func (b *builder) defined(name string) bool { return b.defs.ForName(name) != nil }

// renamed checks that the previous name in @renamed(from:) is no longer defined.
func (b *builder) renamed(us uses, what, name string, exists func(string) bool) {
	u := us.one("renamed")
	if u == nil {
		return
	}
	switch from := u.text("from"); {
	case from == name:
		b.errorf(codeInvalidRename, u.args["from"].Position, "write the previous name", "%q is the current name", name)
	case from == "":
		b.errorf(codeInvalidRename, u.args["from"].Position, "write the previous name", "the previous name is empty")
	case exists(from):
		b.errorf(codeInvalidRename, u.args["from"].Position, "remove @renamed, or the definition that still has that name", "%s named %q still exists", what, from)
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
	} else if d.Directives.ForName("view") != nil {
		b.declareView(t, d)
	} else {
		b.directives(d.Directives, 0, "a type that is not stored")
	}
	if len(d.Fields) == 0 {
		b.errorf(codeSyntax, d.Position, "add fields: type "+d.Name+" { name: String! }", "type %q has no fields", d.Name)
	}
	b.types = append(b.types, t)
	b.named[d.Name] = t
	for _, fd := range d.Fields {
		b.declareField(t, fd)
	}
}

// isStored returns whether a type is meant to be stored. A type without @table that has directives for stored types counts as
// stored, so that the mistake is reported once and not wherever the type is used.
func (b *builder) isStored(d *ast.Definition) bool {
	if d.Directives.ForName("table") != nil {
		return true
	}
	if d.Directives.ForName("view") != nil {
		return false
	}
	for _, dir := range d.Directives {
		if diag.Suggest(dir.Name, []string{"table"}) != "" {
			return true // directives reports it
		}
	}
	for _, dir := range d.Directives {
		for _, spec := range directiveSpecs {
			if spec.name == dir.Name && spec.on&onType != 0 {
				b.errorf(codeMisplaced, dir.Position, "add @table to "+d.Name, "@%s is only valid on stored types, and %q has no @table", dir.Name, d.Name)
				return true
			}
		}
	}
	return false
}

func (b *builder) declareField(t *typeDecl, fd *ast.FieldDefinition) {
	switch {
	case strings.HasPrefix(fd.Name, "__"):
		b.errorf(codeReserved, fd.Position, "choose another name", "names that start with \"__\" are reserved by GraphQL")
		return
	case t.declared(fd.Name) != nil:
		first := t.declared(fd.Name).def.Position
		b.errorf(codeDuplicate, fd.Position, "rename or remove one of them", "type %q already has a field %q on %s", t.Name, fd.Name, b.lineOf(first, fd.Position))
		return
	}
	if len(fd.Arguments) > 0 {
		b.errorf(codeFieldArguments, fd.Arguments[0].Position, "remove them; list fields get where, orderBy and first automatically", "a field cannot declare arguments")
	}
	f := &fieldDecl{def: fd, Field: &schema.Field{Name: fd.Name, Description: fd.Description, Owner: t.Type, Pos: b.position(fd.Position)}}
	if t.stored && isComputed(fd) {
		t.computed = append(t.computed, f)
		return
	}
	t.fields = append(t.fields, f)
	t.Fields = append(t.Fields, f.Field)
}
