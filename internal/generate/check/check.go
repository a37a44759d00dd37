// Package check translates the expressions of @check to the languages of models. As in the database, a check rejects a value only
// if its expression is false: an unknown result, such as a comparison with null, passes.
//
// An expression becomes nested calls of functions that the runtime of each language defines, because all languages have the same
// call syntax.
package check

import (
	"slices"
	"strconv"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
)

// Language writes the parts of expressions in one language.
type Language[T any] struct {
	Call    func(function string, args ...T) T
	Field   func(f shape.Field) T // its value, null, or unknown if it is absent
	String  func(text string) T
	Number  func(digits string) T
	Bool    func(value bool) T
	Null    func() T
	Pattern func(regexp string) T // portable
	List    func(items []T) T
}

// functions maps CEL's functions to the names in the runtimes.
var functions = map[string]string{
	operators.LogicalAnd: "and", operators.LogicalOr: "or", operators.LogicalNot: "not", operators.Conditional: "cond",
	operators.Equals: "eq", operators.NotEquals: "ne", operators.Less: "lt", operators.LessEquals: "le", operators.Greater: "gt",
	operators.GreaterEquals: "ge", operators.In: "in", operators.Add: "add", operators.Subtract: "sub", operators.Multiply: "mul",
	operators.Divide: "div", operators.Modulo: "mod", operators.Negate: "neg", "size": "size", "startsWith": "startsWith",
	"endsWith": "endsWith", "contains": "contains", "lowerAscii": "lower", "upperAscii": "upper",
}

// Write translates a check of a type. ok is false if only the database can evaluate it.
func Write[T any](l Language[T], t shape.Type, c schema.Check) (written T, ok bool) {
	if c.Expr.SQL {
		return written, false
	}
	w := &writer[T]{Language: l, ast: c.Expr.AST.NativeRep(), fields: map[string]shape.Field{}, ok: true}
	for _, f := range t.Fields {
		w.fields[f.Name] = f
	}
	written = w.condition(w.ast.Expr())
	return written, w.ok
}

type writer[T any] struct {
	Language[T]
	ast    *ast.AST
	fields map[string]shape.Field
	ok     bool
}

// no marks the check as one that cannot be translated.
func (w *writer[T]) no() (nothing T) { //nolint:unparam // it returns the type of its callers
	w.ok = false
	return nothing
}

// condition writes an expression that is not negated. Its comparisons with null are unknown, as in SQL.
func (w *writer[T]) condition(e ast.Expr) T {
	if e.Kind() != ast.CallKind {
		return w.expr(e)
	}
	c := e.AsCall()
	args := c.Args()
	switch c.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		return w.Call(functions[c.FunctionName()], w.condition(args[0]), w.condition(args[1]))
	case operators.Equals:
		if !null(args[0]) && !null(args[1]) {
			return w.Call("same", w.expr(args[0]), w.expr(args[1]))
		}
	case operators.In:
		return w.Call("among", w.expr(args[0]), w.expr(args[1]))
	}
	return w.expr(e)
}

func null(e ast.Expr) bool {
	return e.Kind() == ast.LiteralKind && e.AsLiteral() == types.NullValue
}

func (w *writer[T]) expr(e ast.Expr) T {
	switch e.Kind() {
	case ast.LiteralKind:
		return w.literal(e)
	case ast.SelectKind:
		return w.selection(e)
	case ast.ListKind:
		var items []T
		for _, item := range e.AsList().Elements() {
			items = append(items, w.expr(item))
		}
		return w.List(items)
	case ast.CallKind:
		return w.call(e)
	}
	return w.no()
}

func (w *writer[T]) literal(e ast.Expr) T {
	switch v := e.AsLiteral().(type) {
	case types.Null:
		return w.Null()
	case types.Bool:
		return w.Bool(bool(v))
	case types.Int:
		return w.Number(strconv.FormatInt(int64(v), 10))
	case types.Double:
		return w.Number(digits(v))
	case types.String:
		return w.String(string(v))
	}
	return w.no()
}

// selection writes a field of the row, or the key of a reference.
func (w *writer[T]) selection(e ast.Expr) T {
	s := e.AsSelect()
	name := s.FieldName()
	if inner := s.Operand(); inner.Kind() == ast.SelectKind && !inner.AsSelect().IsTestOnly() { // this.owner.id
		name, s = inner.AsSelect().FieldName()+capital(name), inner.AsSelect()
	}
	if s.Operand().Kind() != ast.IdentKind || s.Operand().AsIdent() != "this" {
		return w.no()
	}
	f, ok := w.fields[name]
	if !ok {
		if f, ok = w.key(name); !ok {
			return w.no()
		}
	}
	switch f.Scalar() {
	case schema.JSON, schema.Duration, schema.Vector:
		return w.no()
	}
	if e.AsSelect().IsTestOnly() {
		return w.Call("ne", w.Field(f), w.Null())
	}
	return w.Field(f)
}

// key returns the field that holds the key of a reference, if it is a single field.
func (w *writer[T]) key(reference string) (shape.Field, bool) {
	var found []shape.Field
	for _, f := range w.fields {
		if f.Reference() && f.Source.Name == reference {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		return shape.Field{}, false
	}
	return found[0], true
}

func capital(name string) string {
	if name == "" {
		return ""
	}
	return string(name[0]&^0x20) + name[1:]
}

func (w *writer[T]) call(e ast.Expr) T {
	c := e.AsCall()
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	switch c.FunctionName() {
	case "timestamp":
		if args[0].Kind() == ast.LiteralKind {
			return w.Call("time", w.expr(args[0]))
		}
		return w.no()
	case "matches":
		return w.matches(args)
	}
	name := functions[c.FunctionName()]
	if name == "" {
		return w.no()
	}
	kind := w.ast.GetType(e.ID()).Kind()
	switch {
	case name == "div" && kind == types.IntKind:
		name = "intDiv"
	case name == "div" && !w.float(e):
		return w.quotient(args)
	case name == "cond" && kind == types.DoubleKind && w.float(e):
		return w.Call(name, w.expr(args[0]), w.Call("double", w.expr(args[1])), w.Call("double", w.expr(args[2])))
	case (name == "add" || name == "sub") && (kind == types.TimestampKind || kind == types.DurationKind || kind == types.ListKind):
		return w.no()
	}
	written := make([]T, len(args))
	for i, arg := range args {
		written[i] = w.expr(arg)
	}
	return w.Call(name, written...)
}

// float reports whether a number with a point is a float8 in Postgres: a Float, or what is computed from one. Others are numeric.
func (w *writer[T]) float(e ast.Expr) bool {
	switch e.Kind() {
	case ast.SelectKind:
		f, ok := w.fields[e.AsSelect().FieldName()]
		return ok && f.Scalar() == schema.Float
	case ast.CallKind:
		return slices.ContainsFunc(e.AsCall().Args(), w.float)
	}
	return false
}

// quotient writes a division of Decimals by a literal as a multiplication. Postgres rounds other quotients.
func (w *writer[T]) quotient(args []ast.Expr) T {
	divisor, ok := args[1].AsLiteral().(types.Double)
	if args[1].Kind() != ast.LiteralKind || !ok {
		return w.no()
	}
	inverse, exact := expr.Reciprocal(digits(divisor))
	if !exact {
		return w.no()
	}
	return w.Call("mul", w.expr(args[0]), w.Number(inverse))
}

func digits(v types.Double) string { return strconv.FormatFloat(float64(v), 'g', -1, 64) }

func (w *writer[T]) matches(args []ast.Expr) T {
	pattern, ok := args[1].AsLiteral().(types.String)
	if args[1].Kind() != ast.LiteralKind || !ok {
		return w.no()
	}
	portable, err := schema.PortablePattern(string(pattern))
	if err != nil {
		return w.no()
	}
	return w.Call("matches", w.expr(args[0]), w.Pattern(portable))
}

// All returns the checks of a type, each with its field, or "" for a check of the whole row.
func All(t shape.Type) (list []About) {
	for _, f := range t.Type.Fields {
		for _, c := range f.Checks {
			list = append(list, About{c, f.Name})
		}
	}
	for _, c := range t.Checks {
		list = append(list, About{c, ""})
	}
	return list
}

// About is a check with its field.
type About struct {
	schema.Check
	Field string
}

// Text is the error message for a value that fails the check.
func (a About) Text() string {
	if a.Message != "" {
		return a.Message
	}
	return "must satisfy " + a.Expr.Source
}
