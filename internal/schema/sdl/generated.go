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
			b.errorf(codeConflict, other.Position, "remove one of them", "@%s cannot be combined with @generated", name)
		}
	}
	identity := u.args["identity"]
	e := b.condition(t, u, "expr", "sql", expr.Kind{Use: expr.GeneratedValue, Field: f.Field})
	switch {
	case e != nil && identity != nil:
		b.errorf(codeConflict, identity.Position, "remove one of them", "identity cannot be combined with expr or sql")
	case e != nil:
		f.Generated = &schema.Generated{Expr: e}
	case identity == nil:
		b.errorf(codeMissingArgument, u.Position, "write @generated(expr: …), @generated(sql: …) or @generated(identity: BY_DEFAULT)", "@generated requires expr, sql or identity")
	case f.Type.List || !slices.Contains([]schema.Scalar{schema.Int, schema.Int64}, f.Type.Scalar) || !f.Type.NonNull:
		b.errorf(codeInvalidConstraint, identity.Position, "make it Int! or Int64!", "identity is only valid for Int! and Int64!, and %q has type %s", f.Name, f.Type)
	default:
		f.Generated = &schema.Generated{Identity: schema.Identity(identity.Raw)}
	}
}

// condition reads an expression that is given in CEL or in SQL, or returns nil when it is given in neither.
func (b *builder) condition(t *typeDecl, u *use, inCEL, inSQL string, kind expr.Kind) *schema.Expr {
	cel, sql := u.args[inCEL], u.args[inSQL]
	switch {
	case cel != nil && sql != nil:
		b.errorf(codeConflict, sql.Position, "remove one of them", "%s and %s cannot be combined", inCEL, inSQL)
		return b.expr(cel, t.Type, kind)
	case cel != nil:
		return b.expr(cel, t.Type, kind)
	case sql == nil:
		return nil
	}
	text, ok := sqlExpression(sql.Raw)
	if !ok {
		b.errorf(codeInvalidExpression, sql.Position, `write one SQL expression, for example "price > 0"`, "invalid SQL expression")
	}
	return &schema.Expr{Source: text, SQL: true, Pos: b.position(sql.Position)}
}
