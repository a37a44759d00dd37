package access

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/krowoc/krowoc/internal/schema"
)

// Words says whom a rule lets do something, and to which rows: signed-in users, where visibility is TEAM.
func Words(r schema.Rule) string {
	who := "everybody"
	switch r.Allow {
	case schema.AllowAuthenticated:
		who = "signed-in users"
	case schema.AllowOwner:
		who = "the user in " + r.Field.Name
	case schema.AllowRole:
		who = "the role " + strings.Join(r.Roles, " or ")
	case schema.AllowTier:
		who = "the tier " + strings.Join(r.Tiers, " or ")
	}
	if r.Where != nil && r.Where.AST != nil {
		who += ", where " + words(r.Where.AST.NativeRep().Expr(), false)
	}
	return who
}

// The words of operators between two operands.
var infix = map[string]string{
	operators.LogicalAnd: "and", operators.LogicalOr: "or", operators.Equals: "is", operators.NotEquals: "is not", operators.In: "is one of",
	operators.Less: "<", operators.LessEquals: "≤", operators.Greater: ">", operators.GreaterEquals: "≥",
	operators.Add: "+", operators.Subtract: "-", operators.Multiply: "*", operators.Divide: "/", operators.Modulo: "%",
}

// words returns an expression in words; one that is part of another is in parentheses where they matter.
func words(e ast.Expr, within bool) string {
	switch e.Kind() {
	case ast.LiteralKind:
		return literal(e)
	case ast.IdentKind, ast.SelectKind:
		return selected(e)
	case ast.ListKind:
		return listed(e.AsList().Elements())
	case ast.ComprehensionKind:
		return enclosed(comprehension(e.AsComprehension()), within)
	case ast.CallKind:
		return called(e.AsCall(), within)
	}
	return "…"
}

func enclosed(text string, within bool) string {
	if within {
		return "(" + text + ")"
	}
	return text
}

// plain are texts that need no quotes, such as the values of enums.
var plain = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

func literal(e ast.Expr) string {
	switch v := e.AsLiteral().(type) {
	case types.String:
		if plain.MatchString(string(v)) {
			return string(v)
		}
		return strconv.Quote(string(v))
	case types.Null:
		return "null"
	default:
		return fmt.Sprint(v.Value())
	}
}

// selected names fields without the variable that has them: owner.id of this.owner.id, user of m.user inside of memberships.exists(m, …).
func selected(e ast.Expr) string {
	if e.Kind() == ast.SelectKind && e.AsSelect().IsTestOnly() {
		_, path := pathOf(e.AsSelect().Operand())
		return strings.Join(append(path, e.AsSelect().FieldName()), ".") + " is set"
	}
	root, path := pathOf(e)
	switch {
	case isAuth(e, "uid"):
		return "the caller"
	case isAuth(e, "roles"):
		return "the caller's roles"
	case root == "request":
		return "now"
	case root == "":
		return words(e.AsSelect().Operand(), true) + "." + e.AsSelect().FieldName()
	case len(path) == 0:
		return map[bool]string{true: "the row", false: "it"}[root == "this"]
	}
	return strings.Join(path, ".")
}

func listed(items []ast.Expr) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = words(item, true)
	}
	return strings.Join(texts, ", ")
}

// comprehension returns list.exists(x, condition) or list.all(x, condition) in words.
func comprehension(c ast.ComprehensionExpr) string {
	condition := words(c.LoopStep().AsCall().Args()[1], false)
	if isExists(c) {
		return "one of " + words(c.IterRange(), true) + " has " + condition
	}
	return "all of " + words(c.IterRange(), true) + " have " + condition
}

func called(call ast.CallExpr, within bool) string {
	args := call.Args()
	name := call.FunctionName()
	word, isInfix := infix[name]
	switch {
	case name == operators.LogicalNot:
		return "not " + words(args[0], true)
	case name == operators.Negate:
		return "-" + words(args[0], true)
	case name == operators.Conditional:
		return enclosed("if "+words(args[0], true)+" then "+words(args[1], true)+" else "+words(args[2], true), within)
	case name == operators.Index:
		return words(args[0], true) + "[" + words(args[1], false) + "]"
	case name == operators.Equals && isAuth(args[0], "uid"):
		return enclosed(compared(args[1], args[0], word), within)
	case isInfix && len(args) == 2:
		return enclosed(compared(args[0], args[1], word), within)
	case isInfix:
		return enclosed(strings.ReplaceAll(listed(args), ", ", " "+word+" "), within)
	case call.IsMemberFunction():
		return words(call.Target(), true) + "." + name + "(" + listed(args) + ")"
	}
	return name + "(" + listed(args) + ")"
}

// compared returns two operands with a word between them. The caller's ID is compared with a user or with the key of one.
func compared(a, b ast.Expr, word string) string {
	left, right := words(a, true), words(b, true)
	if isAuth(b, "uid") {
		if root, path := pathOf(a); root != "" && len(path) > 0 {
			left = strings.Join(withoutKey(path), ".")
		}
	}
	return left + " " + word + " " + right
}
