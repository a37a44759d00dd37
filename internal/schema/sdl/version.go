package sdl

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// firstVersion is the version of a new row.
const firstVersion = 1

// reservedArguments are the arguments of updates and deletes beside the version, which has the name of its field.
var reservedArguments = []string{"data", "where", "all", "inc", "append", "prepend", "remove", "setIn", "removeIn"}

// version reads @version, which stands for a default and for an expression in every update.
func (b *builder) version(t *typeDecl, f *fieldDecl, u *use) {
	for _, name := range []string{"generated", "onUpdate"} {
		if other := f.uses.one(name); other != nil {
			b.errorf(codeConflict, other.Position, "remove one of them", "@%s cannot be combined with @version", name)
			return
		}
	}
	another := slices.ContainsFunc(t.Fields, func(other *schema.Field) bool { return other != f.Field && other.Version })
	switch {
	case f.Type.Scalar != schema.Int || f.Type.List || !f.Type.NonNull:
		b.errorf(codeInvalidConstraint, u.Position, "make it Int!", "@version is only valid for Int!, and %q has type %s", f.Name, f.Type)
		return
	case another:
		b.errorf(codeRepeated, u.Position, "remove one of them", "%s has two fields with @version", t.Name)
		return
	case slices.Contains(reservedArguments, f.Name):
		b.errorf(codeConflict, u.Position, "rename the field", "the field with @version is an argument of updates, which have another one named %q", f.Name)
		return
	}
	f.Version = true
	if f.Default == nil {
		b.defaultValue(f, &ast.Value{Kind: ast.IntValue, Raw: strconv.Itoa(firstVersion), Position: u.Position})
	}
	f.OnUpdate = &schema.Expr{Source: "this." + f.Name + " + 1", Pos: b.position(u.Position)}
	b.exprs = append(b.exprs, exprTask{expr: f.OnUpdate, this: t.Type, kind: updateKind(f.Field)})
}

// isFirstVersion reports whether @version stands for the default of a field.
func isFirstVersion(f *schema.Field) bool {
	return f.Version && literal(f.Default.Value, false) == strconv.Itoa(firstVersion)
}
