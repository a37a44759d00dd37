package celsql

import (
	"errors"

	"cel.dev/cel-go/cel"

	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
	"github.com/krowoc/krowoc/internal/schema/scalar"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// Parser returns a parser of schemas that refuses expressions without SQL.
func Parser() sdl.Parser { return sdl.Parser{Refusal: Refusal, RowUse: rowUse, Params: sqltext.Params} }

// Refusal returns why a checked expression has no SQL, or nil if it has. It is a part of the check of a schema, so that no later command
// meets such an expression.
func Refusal(checked *cel.Ast, s *schema.Schema, this *schema.Type, want expr.Kind) *expr.Issue {
	var args ArgFunc
	translate := Translate
	switch want.Use {
	case expr.RuleWhere:
		args = anyVariable
	case expr.DefaultValue, expr.UpdateValue:
		if want.Use == expr.DefaultValue && checked.Source().Content() == "uuidV7()" {
			return nil // the column's own default
		}
		args, translate = anyVariable, ValueOf(want.Field.Type.Enum)
	case expr.GeneratedValue:
		translate = ValueOf(want.Field.Type.Enum)
	}
	_, err := translate(checked, s, this, "t", args)
	if err == nil && want.Field != nil {
		err = newTranslator(checked, s, this, "t", args).assignable(want.Field)
	}
	var refused *Error
	if !errors.As(err, &refused) {
		return nil
	}
	return &expr.Issue{Offset: refused.Offset, Width: refused.Width, Message: refused.Message, Remedy: remedies[want.Use]}
}

// assignable returns an error for a value that the column of a field does not take, although its type in CEL is right.
func (t *translator) assignable(f *schema.Field) error {
	e := t.ast.Expr()
	v, err := t.value(e)
	switch want := columnKind(f); {
	case err != nil:
		return err
	case v.kind == nullKind:
	case v.kind == intKind && v.number != "" && !fitsColumn(f, v.number):
		return t.refuse(e, "%s is out of the range of %s", v.number, f.Name)
	case f.Relation == nil && want == otherKind && !f.Type.List && v.kind != otherKind:
		return t.refuse(e, "this has no form in JSON")
	case v.kind == rowKind || v.kind == rowsKind:
		return t.refuse(e, "rows cannot be stored in a column; use the key")
	case f.Type.Enum != nil && f.Type.List && v.items == nil && t.args == nil && (v.elem == nil || v.elem.enum != f.Type.Enum):
		return t.refuse(e, "Postgres cannot keep this conversion of a list of texts to an enum")
	}
	return nil
}

// fitsColumn reports whether a column takes a whole number.
func fitsColumn(f *schema.Field, number string) bool {
	if f.Type.Scalar != schema.Int && f.Type.Scalar != schema.Int64 {
		return true
	}
	_, ok := scalar.OfField(f).Canonical(number)
	return ok
}

func anyVariable(Variable) (string, error) { return "NULL", nil }

// remedies are the other ways to write an expression.
var remedies = map[expr.Use]string{
	expr.Check:          `write the condition in SQL: @check(sql: "…")`,
	expr.IndexWhere:     "write the condition with columns, literals and comparisons, or create the index in a migration",
	expr.RuleWhere:      "write the condition in another way; docs/schema.md lists the operators and functions of expressions",
	expr.DefaultValue:   `write the value in SQL: @default(sql: "…")`,
	expr.GeneratedValue: `write the value in SQL: @generated(sql: "…")`,
	expr.UpdateValue:    "compute the value in another way; docs/schema.md lists the operators and functions of expressions",
}

// rowUse returns the columns that an expression uses of the row this, and whether it may use all of them, or other rows.
func rowUse(sql string) (columns []string, all bool) {
	use := sqltext.UseOfRow(sql, "this")
	return use.Columns, use.Whole || use.Queries
}
