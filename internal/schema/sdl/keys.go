package sdl

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// keyState is the progress in resolving the columns of a type's key.
type keyState uint8

const (
	keyUnresolved keyState = iota
	keyResolving
	keyResolved
)

// resolveKeys gives every stored type its primary key: what @table(key:) names, its own id, or an implicit one.
func (b *builder) resolveKeys() {
	b.stored(func(t *typeDecl) {
		table := t.uses.one("table")
		switch own := t.field("id"); {
		case table != nil && table.args["key"] != nil:
			b.namedKey(t, table)
		case own != nil:
			t.Key = []*schema.Field{own.Field}
			if !own.broken && !keyable(own.Type) {
				b.errorf(codeInvalidKey, own.def.Position, "write id: ID!, or name other fields with @table(key: [...])", "\"id\" is the primary key, and a field of type %s cannot be one", own.Type)
				own.broken = true
			}
		default:
			t.Key = []*schema.Field{b.implicitID(t)}
		}
	})
}

// keyable reports whether a field of this type may be part of a key.
func keyable(t schema.FieldType) bool {
	if t.List || !t.NonNull {
		return false
	}
	switch t.Scalar {
	case schema.JSON, schema.Vector, schema.Float:
		return false
	}
	return true
}

func (b *builder) namedKey(t *typeDecl, table *use) {
	for _, v := range table.items("key") {
		if v.Raw == "id" && t.field("id") == nil {
			b.errorf(codeInvalidKey, v.Position, `add id: ID! @default(expr: "uuidV7()")`, "the key names \"id\", but the type has no such field")
			continue
		}
		f := b.fieldNamed(t, v)
		switch {
		case f == nil:
		case slices.Contains(t.Key, f.Field):
			b.errorf(codeInvalidKey, v.Position, "remove one of them", "%q is in the key twice", f.Name)
		case !f.broken && !keyable(f.Type):
			b.errorf(codeInvalidKey, v.Position, "use required fields that are not lists, Float, JSON or Vector", "%q has type %s and cannot be part of a key", f.Name, f.Type)
		default:
			t.Key = append(t.Key, f.Field)
		}
	}
	if len(table.items("key")) == 0 {
		b.errorf(codeInvalidKey, table.args["key"].Position, "name a field, or remove the argument to use the implicit id", "the key has no fields")
	}
	if len(t.Key) == 0 && t.field("id") == nil { // reported above; later steps require a key
		t.Key = []*schema.Field{b.implicitID(t)}
	}
}

// implicitID adds the id that a type without a key of its own gets: a time-ordered UUID.
func (b *builder) implicitID(t *typeDecl) *schema.Field {
	e := &schema.Expr{Source: "uuidV7()", Pos: t.Pos}
	f := &schema.Field{
		Name: "id", Owner: t.Type, Type: schema.FieldType{Scalar: schema.ID, NonNull: true}, Column: "id",
		Implicit: true, Default: &schema.Default{Expr: e}, Pos: t.Pos,
	}
	t.Fields = slices.Insert(t.Fields, 0, f)
	def := &ast.FieldDefinition{Name: f.Name, Position: t.def.Position}
	t.fields = slices.Insert(t.fields, 0, &fieldDecl{Field: f, def: def})
	b.exprs = append(b.exprs, exprTask{expr: e, this: t.Type, kind: defaultKind(f)})
	return f
}
