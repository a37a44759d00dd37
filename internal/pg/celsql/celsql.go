// Package celsql translates the checked CEL expressions of a schema (package schema/expr) to SQL conditions. A condition is true exactly if
// the expression evaluates to true.
//
// CEL has no null in its logic. An expression that cannot be evaluated, such as a comparison with null or a field of a null reference, is
// an error, and an error denies access. In the SQL, an error is NULL. CEL's &&, || and ! treat errors like SQL's AND, OR and NOT treat
// NULL. A null value, which is valid in == and has, is distinguished from an error: see value.
//
// Three cases deny access although CEL has a result: NaN, which Postgres orders differently, a floating-point division by zero, and numbers
// outside of int8 and float8, which fail the statement.
package celsql

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
)

// Variable is a value that the caller of Translate supplies.
type Variable int

// The variables.
const (
	UID       Variable = iota + 1 // auth.uid, as text; null for an anonymous caller
	UIDAsUUID                     // the same as a uuid; also null if it is not a UUID
	Roles                         // auth.roles, as text[]; never null
	Time                          // request.time, as timestamptz
)

// ArgFunc returns SQL for a variable, such as a parameter with a cast. It is nil for an expression without variables that Postgres keeps,
// as that of an index: its SQL then consists of immutable functions.
type ArgFunc func(v Variable) (string, error)

// Error is the error for an expression that cannot be translated to SQL. Offset and Width are its position in the source, in runes.
type Error struct {
	Offset, Width int
	Message       string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("at character %d: %s", e.Offset+1, e.Message) }

// Translate returns a condition on the row with the given alias in the surrounding SQL. It is true if the expression is true, and otherwise
// false or null. It must not be negated.
func Translate(checked *cel.Ast, s *schema.Schema, this *schema.Type, alias string, args ArgFunc) (string, error) {
	t := newTranslator(checked, s, this, alias, args)
	return t.condition(t.ast.Expr(), positive)
}

// Value translates an expression of any type to an SQL expression. It is null if the expression is an error.
func Value(checked *cel.Ast, s *schema.Schema, this *schema.Type, alias string, args ArgFunc) (string, error) {
	t := newTranslator(checked, s, this, alias, args)
	v, err := t.value(t.ast.Expr())
	return v.sql, err
}

func newTranslator(checked *cel.Ast, s *schema.Schema, this *schema.Type, alias string, args ArgFunc) *translator {
	return &translator{ast: checked.NativeRep(), source: checked.Source(), schema: s, args: args, vars: map[string]value{
		"this": {kind: rowKind, row: &row{typ: this, alias: alias}},
	}}
}

type translator struct {
	ast     *ast.AST
	source  common.Source
	schema  *schema.Schema
	args    ArgFunc
	vars    map[string]value // this, and the variables of exists and all
	aliases int
}

func (t *translator) alias() string {
	t.aliases++
	return fmt.Sprintf("c%d", t.aliases)
}

// refuse returns the error for an expression that cannot be translated to SQL.
func (t *translator) refuse(e ast.Expr, format string, args ...any) error {
	at, width := expr.Span(t.ast.SourceInfo(), []rune(t.source.Content()), e)
	return &Error{Offset: at, Width: width, Message: fmt.Sprintf(format, args...)}
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
		return value{}, t.refuse(e, "%s cannot be used without a field", e.AsIdent())
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
