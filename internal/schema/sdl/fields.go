package sdl

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
)

// resolveFields gives every field its type.
func (b *builder) resolveFields() {
	for _, t := range b.types {
		for _, f := range t.fields {
			if !b.resolveType(f) {
				f.broken = true
				f.Type.Scalar = schema.JSON // so that expressions that use the field are not reported too
				continue
			}
			if t.stored && f.Type.Object != nil && !b.named[f.Type.Object.Name].stored {
				f.broken = true
				remedy := fmt.Sprintf("add @table to %s, or give the field the type JSON", f.Type.Object.Name)
				b.errorf(codePlainInTable, namedType(f.def.Type).Position, remedy, "%q cannot be stored: its type %q has no @table", f.Name, f.Type.Object.Name)
			}
		}
	}
}

// namedType returns the innermost type of a reference: String in [String!]!.
func namedType(t *ast.Type) *ast.Type {
	for t.Elem != nil {
		t = t.Elem
	}
	return t
}

func (b *builder) resolveType(f *fieldDecl) bool {
	ref := f.def.Type
	f.Type.NonNull = ref.NonNull
	if ref.Elem != nil {
		f.Type.List, f.Type.ElemNonNull = true, ref.Elem.NonNull
		if ref.Elem.Elem != nil {
			b.errorf(codeNestedList, ref.Elem.Position, "use a single list, or JSON", "a list of lists is not supported")
			return false
		}
	}
	named := namedType(ref)
	name := named.NamedType
	switch {
	case isScalar(name):
		f.Type.Scalar = schema.Scalar(name)
	case b.enumOf[name] != nil:
		f.Type.Enum = b.enumOf[name]
	case b.named[name] != nil:
		f.Type.Object = b.named[name].Type
	case b.broken[name]: // reported where it is defined
		return false
	default:
		b.errorf(codeUnknownType, named.Position, b.typeRemedy(name), "unknown type %q", name)
		return false
	}
	return true
}

// foreign returns the scalar that other systems call by this name.
func foreign(name string) (schema.Scalar, bool) {
	switch strings.ToLower(name) {
	case "uuid", "guid", "serial":
		return schema.ID, true
	case "text", "varchar", "char":
		return schema.String, true
	case "integer", "int32", "smallint":
		return schema.Int, true
	case "bigint", "long", "int8":
		return schema.Int64, true
	case "double", "real", "number", "float64":
		return schema.Float, true
	case "numeric", "money", "bigdecimal":
		return schema.Decimal, true
	case "bool":
		return schema.Boolean, true
	case "timestamp", "timestamptz", "time", "instant":
		return schema.DateTime, true
	case "interval":
		return schema.Duration, true
	case "any", "map", "object", "jsonb", "jsonobject":
		return schema.JSON, true
	case "binary", "bytea", "blob":
		return schema.Bytes, true
	}
	return "", false
}

func (b *builder) typeRemedy(name string) string {
	if s, ok := foreign(name); ok {
		return fmt.Sprintf("did you mean %q?", s)
	}
	candidates := scalarNames()
	for _, e := range b.enums {
		candidates = append(candidates, e.Name)
	}
	for _, t := range b.types {
		candidates = append(candidates, t.Name)
	}
	if near := diag.Suggest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("define it with type %s @table { … } or enum %s { … }, or use one of %s", name, name, orList(scalarNames()))
}

// orList joins words in the form "a, b or c".
func orList(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// place returns the location of a field's directives, and its name for messages.
func (f *fieldDecl) place(stored bool) (on location, where string) {
	switch {
	case !stored:
		return onPlain, "a field of a type that is not stored"
	case f.broken: // its kind is not known
		return onField, "a field"
	case f.Relation == nil:
		return onColumn, "a scalar or enum field"
	case f.Relation.Kind == schema.RefOne:
		return onReference, "a reference to another type"
	}
	return onInverse, "the inverse side of a relation"
}
