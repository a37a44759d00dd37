// Package celsql translates the checked CEL expressions of a schema (package schema/expr) to SQL conditions
// that hold exactly when CEL would say true.
//
// CEL has no null in its logic: what cannot be evaluated, such as a comparison with null or a field of a
// reference that is null, is an error, and an error denies. In the SQL an error is NULL, and since CEL's &&,
// || and ! treat errors as SQL's AND, OR and NOT treat NULL, the two agree. A null value, which == and has
// may look at, is kept apart from an error throughout: see value.
//
// Three things deny where CEL would answer: NaN, which Postgres orders differently, division by zero of
// floating-point numbers, and the size of numbers beyond int8 and float8, which fails the statement.
package celsql

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/krowoc/krowoc/internal/schema"
)

// Variable is a value that the caller of Translate supplies.
type Variable int

// The variables.
const (
	UID       Variable = iota + 1 // auth.uid, as text; null for nobody
	UIDAsUUID                     // the same as a uuid; null also where it is none
	Roles                         // auth.roles, as text[]; never null
	Time                          // request.time, as timestamptz
)

// ArgFunc returns SQL for a variable, such as a parameter with a cast.
type ArgFunc func(v Variable) (string, error)

// Error says what of an expression cannot be put in SQL, and where: Offset counts runes of the source.
type Error struct {
	Offset  int
	Message string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("at character %d: %s", e.Offset+1, e.Message) }

// Translate returns a condition on the row that has the given alias in the SQL around it. The condition is
// true when the expression is; otherwise it is false or null, and must not be negated.
func Translate(checked *cel.Ast, s *schema.Schema, this *schema.Type, alias string, args ArgFunc) (string, error) {
	t := newTranslator(checked, s, this, alias, args)
	return t.condition(t.ast.Expr(), positive)
}

// Value is Translate for an expression whose value is wanted, of whatever type. It is null where the expression has an error.
func Value(checked *cel.Ast, s *schema.Schema, this *schema.Type, alias string, args ArgFunc) (string, error) {
	t := newTranslator(checked, s, this, alias, args)
	v, err := t.value(t.ast.Expr())
	return v.sql, err
}

func newTranslator(checked *cel.Ast, s *schema.Schema, this *schema.Type, alias string, args ArgFunc) *translator {
	return &translator{ast: checked.NativeRep(), schema: s, args: args, vars: map[string]value{
		"this": {kind: rowKind, row: &row{typ: this, alias: alias}},
	}}
}

type translator struct {
	ast     *ast.AST
	schema  *schema.Schema
	args    ArgFunc
	vars    map[string]value // this, and the variables of exists and all
	aliases int
}

func (t *translator) alias() string {
	t.aliases++
	return fmt.Sprintf("c%d", t.aliases)
}

// refuse returns the error of an expression that cannot be put in SQL.
func (t *translator) refuse(e ast.Expr, format string, args ...any) error {
	r, _ := t.ast.SourceInfo().GetOffsetRange(e.ID())
	return &Error{Offset: int(r.Start), Message: fmt.Sprintf(format, args...)}
}

// value translates an expression that is not a condition.
func (t *translator) value(e ast.Expr) (value, error) {
	switch e.Kind() {
	case ast.LiteralKind:
		return t.literal(e)
	case ast.IdentKind:
		if v, ok := t.vars[e.AsIdent()]; ok {
			return v, nil
		}
		return value{}, t.refuse(e, "%s cannot be used whole", e.AsIdent())
	case ast.SelectKind:
		return t.selection(e)
	case ast.ListKind:
		return t.list(e)
	case ast.CallKind:
		if t.ast.GetType(e.ID()).Kind() != types.BoolKind || !isLogic(e) {
			return t.call(e)
		}
	}
	sql, err := t.condition(e, exact)
	return value{kind: boolKind, sql: "(" + sql + ")"}, err
}
