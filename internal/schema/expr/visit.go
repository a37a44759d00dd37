package expr

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
)

// visitor looks for what CEL allows and a schema does not.
type visitor struct {
	checker *Checker
	this    *schema.Type
	want    Kind
	ast     *ast.AST
	src     []rune
	places  *ast.SourceInfo // where each part of the expression stands
	issues  []Issue
}

// report adds an issue about the expression e.
func (v *visitor) report(e ast.Expr, remedy, format string, args ...any) {
	at := v.span(e)
	at.Message, at.Remedy = fmt.Sprintf(format, args...), remedy
	v.issues = append(v.issues, at)
}

// span returns an Issue that covers e: for a select its field, for a call its operator or the name of its
// function.
func (v *visitor) span(e ast.Expr) Issue {
	r, _ := v.places.GetOffsetRange(e.ID())
	at, width := int(r.Start), max(1, int(r.Stop-r.Start))
	switch e.Kind() {
	case ast.SelectKind: // CEL says where the point is
		return Issue{Offset: at + 1, Width: len(e.AsSelect().FieldName())}
	case ast.CallKind: // CEL says where the operator or the parenthesis is
		if name := e.AsCall().FunctionName(); at >= len(name) && string(v.src[at-len(name):min(at, len(v.src))]) == name {
			return Issue{Offset: at - len(name), Width: len(name)}
		}
	}
	return Issue{Offset: at, Width: width}
}

// parsed checks what needs no types: the variables and the functions.
func (v *visitor) parsed() {
	ast.PreOrderVisit(v.ast.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			v.ident(e)
		case ast.CallKind:
			v.call(e)
		case ast.StructKind, ast.MapKind:
			v.report(e, "", "an expression cannot build objects")
		}
	}))
}

// variables lists what each use sees.
func variables(u Use) []string {
	switch u {
	case Check, IndexWhere, GeneratedValue:
		return []string{"this"}
	case DefaultValue:
		return []string{"auth", "request"}
	}
	return []string{"this", "auth", "request"}
}

// onRow reports whether the database evaluates an expression on the columns of one row, always with the same result.
func (u Use) onRow() bool { return u == Check || u == IndexWhere || u == GeneratedValue }

// purpose says in words what an expression of the use is.
func purpose(u Use) string {
	switch u {
	case Check:
		return "a check"
	case GeneratedValue:
		return "@generated"
	case IndexWhere:
		return "the condition of an index"
	case RuleWhere:
		return "the condition of a rule"
	case DefaultValue:
		return "a default"
	}
	return "an update value"
}

func (v *visitor) ident(e ast.Expr) {
	name := e.AsIdent()
	switch name {
	case "this", "auth", "request":
	default:
		return // a variable of exists or all, or unknown: the type check says so
	}
	for _, known := range variables(v.want.Use) {
		if name == known {
			return
		}
	}
	remedy := "it sees only " + strings.Join(variables(v.want.Use), ", ")
	v.report(e, remedy, "%s has no %q", purpose(v.want.Use), name)
}

// functions lists every function and operator of an expression, as CEL names them.
var functions = [...]string{
	operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Equals,
	operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
	operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
	operators.Index, operators.In, operators.NotStrictlyFalse,
	"size", "startsWith", "endsWith", "contains", "matches", "lowerAscii", "upperAscii",
	"int", "double", "string", "timestamp", "duration", "getFullYear", "getMonth", "getDate", "getDayOfMonth",
	"getDayOfWeek", "getHours", "getMinutes", "getSeconds", "uuidV7", "has", "exists", "all",
}

func (v *visitor) call(e ast.Expr) {
	name := e.AsCall().FunctionName()
	switch {
	case name == "uuidV7" && v.want.Use.onRow():
		v.report(e, "", "%s cannot use uuidV7(), which is different each time", purpose(v.want.Use))
	case !slices.Contains(functions[:], name):
		remedy := "expressions have size, startsWith, contains, matches, exists, all and has; docs/schema.md lists them all"
		if near := diag.Suggest(name, functions[:]); near != "" {
			remedy = "did you mean " + near + "?"
		}
		v.report(e, remedy, "there is no function %q in expressions", name)
	}
}

// checked checks what needs types: the result, the relations, and the literals beside enums.
func (v *visitor) checked() {
	ast.PreOrderVisit(v.ast.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.SelectKind:
			v.navigation(e)
		case ast.CallKind:
			v.enumOperands(e)
		case ast.ComprehensionKind:
			if v.want.Use.onRow() {
				v.report(e, "compare the whole list, or use in and size", "%s cannot look at each element of a list: Postgres allows no subquery there", purpose(v.want.Use))
			}
		}
	}))
	v.result()
}

// fieldOf returns the schema field that a select reads, or nil.
func (v *visitor) fieldOf(e ast.Expr) *schema.Field {
	if e.Kind() != ast.SelectKind {
		return nil
	}
	t := v.checker.schema.Type(v.ast.GetType(e.AsSelect().Operand().ID()).TypeName())
	if t == nil {
		return nil
	}
	return t.Field(e.AsSelect().FieldName())
}

// navigation keeps an expression that Postgres evaluates on one row from reading others: all it may read
// of a reference is its key, which the row itself holds.
func (v *visitor) navigation(e ast.Expr) {
	if v.want.Use == RuleWhere || v.want.Use == DefaultValue {
		return
	}
	field := v.fieldOf(e)
	if field == nil {
		return
	}
	if rel := field.Relation; rel != nil && rel.Kind != schema.RefOne {
		v.report(e, "", "%s sees the columns of one row, and %s is in other rows", purpose(v.want.Use), field.Name)
		return
	}
	if v.want.Use == GeneratedValue && field.Generated != nil {
		v.report(e, "compute it from what that is computed from", "%s is generated itself, and Postgres computes no column from such a one", field.Name)
		return
	}
	operand := e.AsSelect().Operand()
	ref := v.fieldOf(operand)
	if ref == nil || ref.Relation == nil {
		return
	}
	for _, key := range ref.Relation.References {
		if key == field {
			return
		}
	}
	v.report(e, "", "%s sees the columns of one row: of %s it may read only the key", purpose(v.want.Use), ref.Name)
}

// enumOperands checks the strings that are compared with enum fields.
func (v *visitor) enumOperands(e ast.Expr) {
	call := e.AsCall()
	switch call.FunctionName() {
	case operators.Equals, operators.NotEquals, operators.In:
	default:
		return
	}
	args := call.Args()
	for i, arg := range args {
		if f := v.fieldOf(arg); f != nil && f.Type.Enum != nil {
			v.enumLiteral(args[1-i], f.Type.Enum)
		}
	}
}

// enumLiteral reports every string literal of e, or of a list of them, that is no value of the enum.
func (v *visitor) enumLiteral(e ast.Expr, enum *schema.Enum) {
	switch e.Kind() {
	case ast.ListKind:
		for _, elem := range e.AsList().Elements() {
			v.enumLiteral(elem, enum)
		}
	case ast.CallKind:
		if e.AsCall().FunctionName() == operators.Conditional {
			for _, arg := range e.AsCall().Args()[1:] {
				v.enumLiteral(arg, enum)
			}
		}
	case ast.LiteralKind:
		if s, ok := e.AsLiteral().(types.String); ok && !enum.Has(string(s)) {
			v.report(e, enumRemedy(enum, string(s)), "%s has no value %q", enum.Name, string(s))
		}
	}
}

func enumRemedy(enum *schema.Enum, word string) string {
	names := make([]string, len(enum.Values))
	for i, value := range enum.Values {
		names[i] = value.Name
	}
	if near := diag.Suggest(word, names); near != "" {
		return fmt.Sprintf("did you mean '%s'?", near)
	}
	return "its values are " + strings.Join(names, ", ")
}
