package sdl

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
)

// generated reads @generated.
func (b *builder) generated(t *typeDecl, f *fieldDecl, u *use) {
	for _, name := range []string{"default", "onUpdate"} {
		if other := f.uses.one(name); other != nil {
			b.errorf(codeConflict, other.Position, "keep one of the two", "@%s gives a value, and the database makes that of %s", name, f.Name)
		}
	}
	identity := u.args["identity"]
	e := b.condition(t, u, "expr", "sql", expr.Kind{Use: expr.GeneratedValue, Field: f.Field})
	switch {
	case e != nil && identity != nil:
		b.errorf(codeConflict, identity.Position, "keep one of them", "a number that counts up is not computed")
	case e != nil:
		f.Generated = &schema.Generated{Expr: e}
	case identity == nil:
		b.errorf(codeMissingArgument, u.Position, "write @generated(expr: …), (sql: …) or (identity: BY_DEFAULT)", "@generated needs expr, sql or identity")
	case f.Type.List || !slices.Contains([]schema.Scalar{schema.Int, schema.Int64}, f.Type.Scalar) || !f.Type.NonNull:
		b.errorf(codeInvalidConstraint, identity.Position, "make it Int! or Int64!", "only whole numbers that are never null count up, and %s is %s", f.Name, f.Type)
	default:
		f.Generated = &schema.Generated{Identity: schema.Identity(identity.Raw)}
	}
}

// condition reads an expression that is given in CEL or in SQL, or returns nil when it is given in neither.
func (b *builder) condition(t *typeDecl, u *use, inCEL, inSQL string, kind expr.Kind) *schema.Expr {
	cel, sql := u.args[inCEL], u.args[inSQL]
	switch {
	case cel != nil && sql != nil:
		b.errorf(codeConflict, sql.Position, "keep one of the two", "%s and %s say the same", inCEL, inSQL)
		return b.expr(cel, t.Type, kind)
	case cel != nil:
		return b.expr(cel, t.Type, kind)
	case sql == nil:
		return nil
	}
	text, ok := sqlExpression(sql.Raw)
	if !ok {
		b.errorf(codeInvalidExpression, sql.Position, `write one SQL expression: "price > 0"`, "this is no SQL expression")
	}
	return &schema.Expr{Source: text, SQL: true, Pos: b.position(sql.Position)}
}
