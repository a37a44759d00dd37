package access

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/krowoc/krowoc/internal/schema"
)

// truth is what is known of a condition before there is a row.
type truth int

const (
	unknown truth = iota
	yes
	no
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// known returns what is known of a condition for this kind of caller.
func (h holds) known(e ast.Expr) truth {
	switch e.Kind() {
	case ast.LiteralKind:
		if b, ok := e.AsLiteral().(types.Bool); ok {
			return truthOf(bool(b))
		}
	case ast.CallKind:
		return h.knownCall(e.AsCall())
	case ast.ComprehensionKind:
		if isAuth(e.AsComprehension().IterRange(), "roles") {
			return h.ofRoles(e.AsComprehension())
		}
	}
	return unknown
}

// ofRoles knows auth.roles.exists(…) and .all(…): a caller has no role, or the one of the column.
func (h holds) ofRoles(c ast.ComprehensionExpr) truth {
	step := c.LoopStep()
	switch {
	case h.Kind != Role:
		return truthOf(!isExists(c))
	case step.Kind() != ast.CallKind || len(step.AsCall().Args()) != 2:
		return unknown
	}
	h.role = c.IterVar()
	return h.known(step.AsCall().Args()[1])
}

func (h holds) knownCall(call ast.CallExpr) truth {
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalNot:
		return h.known(args[0]).not()
	case operators.LogicalAnd:
		return h.joined(args, no)
	case operators.LogicalOr:
		return h.joined(args, yes)
	case operators.Equals:
		return h.equal(call)
	case operators.NotEquals:
		return h.equal(call).not()
	case operators.In:
		return h.in(args[0], args[1])
	}
	return unknown
}

// joined returns what is known of conditions of which one that is decisive decides the whole.
func (h holds) joined(args []ast.Expr, decisive truth) truth {
	all := decisive.not()
	for _, arg := range args {
		switch h.known(arg) {
		case decisive:
			return decisive
		case unknown:
			all = unknown
		}
	}
	return all
}

// isRole reports whether an expression is the variable that stands for the caller's role.
func (h holds) isRole(e ast.Expr) bool {
	return h.role != "" && e.Kind() == ast.IdentKind && e.AsIdent() == h.role
}

// equal knows comparisons with the ID or the role of the caller.
func (h holds) equal(call ast.CallExpr) truth {
	a, b := call.Args()[0], call.Args()[1]
	if isAuth(b, "uid") || h.isRole(b) {
		a, b = b, a
	}
	if role, ok := literalText(b); ok && h.isRole(a) {
		return truthOf(role == h.Name)
	}
	if !isAuth(a, "uid") {
		return unknown
	}
	anonymous := h.Kind == Anonymous
	switch {
	case b.Kind() == ast.LiteralKind && b.AsLiteral() == types.NullValue:
		return truthOf(anonymous)
	case b.Kind() == ast.LiteralKind && anonymous:
		return no
	case anonymous && h.required(comparedWithUID(call)):
		return no
	case h.Kind == Authenticated && len(comparedWithUID(call)) == 1:
		return no // such a row is the caller's own
	}
	return unknown
}

// required reports whether no field on a path can be null.
func (h holds) required(path []string) bool {
	t := h.typ
	for _, name := range path {
		if t == nil {
			return false
		}
		f := t.Field(name)
		if f == nil || !f.Type.NonNull {
			return false
		}
		t = f.Type.Object
	}
	return len(path) > 0
}

// in knows which roles a caller has.
func (h holds) in(item, list ast.Expr) truth {
	if !isAuth(list, "roles") {
		return unknown
	}
	if h.Kind != Role {
		return no
	}
	if role, ok := literalText(item); ok {
		return truthOf(role == h.Name)
	}
	return unknown
}

// comparedWithUID returns the path of the fields of this that an equality compares with the caller's ID, without the key at its end: owner of
// this.owner.id == auth.uid. It is nil for other equalities.
func comparedWithUID(call ast.CallExpr) []string {
	a, b := call.Args()[0], call.Args()[1]
	if isAuth(b, "uid") {
		a, b = b, a
	}
	if !isAuth(a, "uid") {
		return nil
	}
	root, path := pathOf(b)
	if root != "this" {
		return nil
	}
	return withoutKey(path)
}

// withoutKey cuts the key off the end of the path of a reference.
func withoutKey(path []string) []string {
	if len(path) > 1 && path[len(path)-1] == "id" {
		return path[:len(path)-1]
	}
	return path
}

// pathOf returns the variable and fields of a.b.c; "" for any other expression.
func pathOf(e ast.Expr) (root string, path []string) {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent(), nil
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() {
			return "", nil
		}
		root, path = pathOf(e.AsSelect().Operand())
		return root, append(path, e.AsSelect().FieldName())
	}
	return "", nil
}

func isAuth(e ast.Expr, field string) bool {
	root, path := pathOf(e)
	return root == "auth" && len(path) == 1 && path[0] == field
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// isExists tells list.exists from list.all.
func isExists(c ast.ComprehensionExpr) bool {
	return c.LoopStep().Kind() == ast.CallKind && c.LoopStep().AsCall().FunctionName() == operators.LogicalOr
}

// rolesIn returns the roles that a condition names: 'admin' in auth.roles, and auth.roles.exists(r, r == 'admin').
func rolesIn(where *schema.Expr) (roles []string) {
	if where == nil || where.AST == nil {
		return nil
	}
	add := func(e ast.Expr) {
		if role, ok := literalText(e); ok {
			roles = append(roles, role)
		}
	}
	visit(where.AST.NativeRep().Expr(), func(e ast.Expr) {
		switch {
		case isCall(e, operators.In) && isAuth(e.AsCall().Args()[1], "roles"):
			add(e.AsCall().Args()[0])
		case e.Kind() == ast.ComprehensionKind && isAuth(e.AsComprehension().IterRange(), "roles"):
			visit(e.AsComprehension().LoopStep(), func(e ast.Expr) {
				if isCall(e, operators.Equals) {
					add(e.AsCall().Args()[0])
					add(e.AsCall().Args()[1])
				}
			})
		}
	})
	return roles
}

func visit(e ast.Expr, f func(ast.Expr)) { ast.PreOrderVisit(e, ast.NewExprVisitor(f)) }

func isCall(e ast.Expr, function string) bool {
	return e.Kind() == ast.CallKind && e.AsCall().FunctionName() == function
}
