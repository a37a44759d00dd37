package expr

import (
	"fmt"
	"math/big"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/schema"
)

// visitor reports what CEL allows and a schema does not.
type visitor struct {
	checker *Checker
	this    *schema.Type
	want    Kind
	ast     *ast.AST
	src     []rune
	places  *ast.SourceInfo // the position of each part of the expression
	issues  []Issue
}

// report adds an issue about the expression e.
func (v *visitor) report(e ast.Expr, remedy, format string, args ...any) {
	at := v.span(e)
	at.Message, at.Remedy = fmt.Sprintf(format, args...), remedy
	v.issues = append(v.issues, at)
}

// span returns an Issue that covers e.
func (v *visitor) span(e ast.Expr) Issue {
	at, width := Span(v.places, v.src, e)
	return Issue{Offset: at, Width: width}
}

// Span returns the place of e in its source, in runes: of a select its field, and of a call its operator or the name of its function.
func Span(places *ast.SourceInfo, src []rune, e ast.Expr) (offset, width int) {
	r, _ := places.GetOffsetRange(e.ID())
	at, width := int(r.Start), max(1, int(r.Stop-r.Start))
	switch e.Kind() {
	case ast.SelectKind: // CEL reports the position of the dot, and for has(…) of the parenthesis
		if e.AsSelect().IsTestOnly() {
			return max(0, at-len("has")), len("has")
		}
		return at + 1, len(e.AsSelect().FieldName())
	case ast.CallKind: // CEL reports the position of the operator or the parenthesis
		if name := e.AsCall().FunctionName(); at >= len(name) && string(src[at-len(name):min(at, len(src))]) == name {
			return at - len(name), len(name)
		}
	}
	return at, width
}

// parsed checks what does not depend on types: the variables and the functions.
func (v *visitor) parsed() {
	ast.PreOrderVisit(v.ast.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			v.ident(e)
		case ast.CallKind:
			v.call(e)
		case ast.StructKind, ast.MapKind:
			v.report(e, "", "expressions cannot build objects or maps")
		}
	}))
}

// variables lists the variables of each use.
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

// purpose names the directive of an expression, for messages.
func purpose(u Use) string {
	switch u {
	case Check:
		return "@check"
	case GeneratedValue:
		return "@generated"
	case IndexWhere:
		return "@index(where:)"
	case RuleWhere:
		return "the where of an @auth rule"
	case DefaultValue:
		return "@default"
	}
	return "@onUpdate"
}

func (v *visitor) ident(e ast.Expr) {
	name := e.AsIdent()
	switch name {
	case "this", "auth", "request":
	default:
		return // a variable of exists or all, or unknown, which the type check reports
	}
	for _, known := range variables(v.want.Use) {
		if name == known {
			return
		}
	}
	v.report(e, onlyKnown(v.want.Use), "%q is not available in %s", name, purpose(v.want.Use))
}

// onlyKnown is the remedy for a name that an expression of the use does not have.
func onlyKnown(u Use) string { return "use only " + strings.Join(variables(u), ", ") }

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
		v.report(e, "", "%s cannot use uuidV7(), which returns a different value each time", purpose(v.want.Use))
	case !slices.Contains(functions[:], name):
		remedy := "use size, startsWith, contains, matches, exists, all or has; docs/schema.md lists all functions"
		if near := diag.Suggest(name, functions[:]); near != "" {
			remedy = fmt.Sprintf("did you mean %q?", near)
		}
		v.report(e, remedy, "unknown function %q", name)
	}
}

// checked checks what depends on types: the result, the relations, and the literals that are compared with enums.
func (v *visitor) checked() {
	ast.PreOrderVisit(v.ast.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.SelectKind:
			v.navigation(e)
		case ast.LiteralKind:
			v.digits(e)
		case ast.CallKind:
			v.enumOperands(e)
			v.pattern(e)
			v.constant(e)
		case ast.ComprehensionKind:
			if v.want.Use.onRow() {
				v.report(e, "use in or size, or compare the whole list", "%s cannot iterate over a list: Postgres does not allow a subquery there", purpose(v.want.Use))
			}
		}
	}))
	v.result()
	if root := v.ast.Expr(); len(v.issues) == 0 && v.want.Use == GeneratedValue && !reads(root) {
		v.report(root, "use @default(value: …) for a value that never changes", "a generated column must read a field")
	}
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

// navigation keeps an expression that Postgres evaluates on one row from reading other rows. Of a reference it may read only
// the key, which the row itself holds.
func (v *visitor) navigation(e ast.Expr) {
	if v.want.Use == RuleWhere || v.want.Use == DefaultValue {
		return
	}
	field := v.fieldOf(e)
	if field == nil {
		return
	}
	if rel := field.Relation; rel != nil && rel.Kind != schema.RefOne {
		v.report(e, "", "%s can only read the columns of its own row, and %q is stored in other rows", purpose(v.want.Use), field.Name)
		return
	}
	if v.want.Use == GeneratedValue && field.Generated != nil {
		v.report(e, fmt.Sprintf("use the fields that %q is computed from", field.Name), "a generated column cannot depend on %q, which is generated too", field.Name)
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
	v.report(e, "", "%s can only read the columns of its own row: of %q, only the key", purpose(v.want.Use), ref.Name)
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

// enumLiteral reports every string literal in e that is not a value of the enum.
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
			v.report(e, enumRemedy(enum, string(s)), "enum %q has no value %q", enum.Name, string(s))
		}
	}
}

// constant reports a call in a generated column that reads no field: Postgres cannot tell the collation of literals there.
func (v *visitor) constant(e ast.Expr) {
	if v.want.Use == GeneratedValue && !reads(e) {
		v.report(e, "write its value instead", "this part of a generated column reads no field, so that its value never changes")
	}
}

// reads reports whether an expression contains a name.
func reads(e ast.Expr) bool {
	found := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) { found = found || e.Kind() == ast.IdentKind }))
	return found
}

var literalNumber = regexp.MustCompile(`^-?[0-9.]+(?:[eE][+-]?[0-9]+)?`)

// digits reports a number with more digits than CEL keeps of it.
func (v *visitor) digits(e ast.Expr) {
	kept, ok := e.AsLiteral().(types.Double)
	if !ok {
		return
	}
	at, _ := Span(v.places, v.src, e)
	written := literalNumber.FindString(string(v.src[at:]))
	x, ok := new(big.Rat).SetString(written)
	y, ok2 := new(big.Rat).SetString(strconv.FormatFloat(float64(kept), 'g', -1, 64))
	if ok && ok2 && x.Cmp(y) != 0 && x.Cmp(y.Neg(y)) != 0 {
		at := Issue{Offset: at, Width: len(written), Remedy: "write at most 15 digits, or write the expression in SQL"}
		at.Message = fmt.Sprintf("the number has too many digits; CEL would read it as %s", strconv.FormatFloat(float64(kept), 'g', -1, 64))
		v.issues = append(v.issues, at)
	}
}

// pattern checks the literal pattern of a call of matches.
func (v *visitor) pattern(e ast.Expr) {
	call := e.AsCall()
	args := call.Args()
	if call.FunctionName() != "matches" || len(args) == 0 {
		return
	}
	last := args[len(args)-1]
	if last.Kind() != ast.LiteralKind {
		return
	}
	literal, ok := last.AsLiteral().(types.String)
	if !ok {
		return
	}
	re, err := syntax.Parse(string(literal), syntax.Perl)
	if err != nil {
		v.report(last, "use RE2 syntax", "invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return
	}
	if err := schema.CheckRepetitions(re); err != nil {
		v.report(last, "limit the length with size(…), and write + or * in the pattern", "invalid regular expression: %s", err)
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
	return "use one of " + strings.Join(names, ", ")
}
