package celsql

import (
	"regexp"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// mode determines which results of a condition its context distinguishes.
type mode bool

const (
	positive mode = false // true or not: false and NULL are equivalent, and the SQL can use indexes
	exact    mode = true  // true, false or error: the condition is negated or compared
)

// isLogic reports whether condition translates a call.
func isLogic(e ast.Expr) bool {
	switch e.AsCall().FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Equals, operators.NotEquals, operators.In,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return true
	}
	return false
}

// condition translates a boolean expression.
func (t *translator) condition(e ast.Expr, m mode) (string, error) {
	switch e.Kind() {
	case ast.ComprehensionKind:
		return t.quantifier(e, m)
	case ast.CallKind:
		if isLogic(e) {
			return t.logic(e, m)
		}
	}
	v, err := t.value(e)
	if err != nil {
		return "", err
	}
	if v.kind != boolKind {
		return "", t.refuse(e, "this is not a condition")
	}
	return v.sql, nil
}

func (t *translator) logic(e ast.Expr, m mode) (string, error) {
	args := e.AsCall().Args()
	switch name := e.AsCall().FunctionName(); name {
	case operators.LogicalAnd, operators.LogicalOr:
		word := " AND "
		if name == operators.LogicalOr {
			word = " OR "
		}
		parts := make([]string, len(args))
		for i, arg := range args {
			var err error
			if parts[i], err = t.condition(arg, m); err != nil {
				return "", err
			}
		}
		return "(" + strings.Join(parts, word) + ")", nil
	case operators.LogicalNot:
		sql, err := t.condition(args[0], exact)
		return "NOT (" + sql + ")", err
	case operators.Equals:
		return t.equals(e, args[0], args[1], m)
	case operators.NotEquals:
		sql, err := t.equals(e, args[0], args[1], exact)
		return negated(sql), err
	case operators.In:
		return t.in(e, args[0], args[1], m)
	default:
		return t.compare(e, name, args[0], args[1])
	}
}

// negated returns the negation of a comparison. A comparison with null gets a form that can use indexes.
func negated(sql string) string {
	if present, ok := strings.CutSuffix(sql, ") IS NOT TRUE)"); ok && strings.HasPrefix(present, "((") {
		return present[1:] + ")"
	}
	if operand, ok := strings.CutSuffix(sql, " IS NULL)"); ok && strings.HasPrefix(operand, "(") {
		return operand + " IS NOT NULL)"
	}
	if parts := plainEquality.FindStringSubmatch(sql); parts != nil {
		return "(" + parts[1] + " <> " + parts[2] + ")"
	}
	return "NOT (" + sql + ")"
}

// plainEquality matches the equality of two columns or literals.
var plainEquality = regexp.MustCompile(`^\(("[^" ]+"(?:\."[^" ]+")?) = ("[^" ]+"(?:\."[^" ]+")?|'[^']*'(?:::"[^" ]+"|::[a-z0-9]+)?|-?[0-9.]+)\)$`)

// compare translates an order comparison. A null operand is an error, which is NULL.
func (t *translator) compare(e ast.Expr, name string, left, right ast.Expr) (string, error) {
	a, b, err := t.pair(left, right)
	if err != nil {
		return "", err
	}
	l, r := a.sql, b.sql
	switch {
	case a.isText() && b.isText():
		l, r = "("+a.text()+` COLLATE "C")`, b.text() // CEL orders by code point
	case isNumber(a) && isNumber(b):
		l, r = numbers(a, b)
	case a.kind != b.kind || a.kind >= listKind || a.kind == nullKind:
		return "", t.refuse(e, "these types have no order in SQL")
	}
	symbol, _ := operators.FindReverse(name)
	return "(" + l + " " + symbol + " " + r + ")", nil
}

func isRow(v value) bool { return v.kind == rowKind || v.kind == rowsKind }

func (t *translator) pair(left, right ast.Expr) (a, b value, err error) {
	if a, err = t.value(left); err != nil {
		return
	}
	b, err = t.value(right)
	return
}

// equals translates ==, which is never an error for null. Null equals only null.
func (t *translator) equals(e, left, right ast.Expr, m mode) (string, error) {
	a, b, err := t.pair(left, right)
	if err != nil {
		return "", err
	}
	if a.kind == nullKind {
		a, b = b, a
	}
	if b.kind == nullKind {
		return t.isNull(e, a)
	}
	if isRow(a) || isRow(b) {
		return "", t.refuse(e, "rows cannot be compared: compare their keys")
	}
	return t.equal(e, a, b, m)
}

func (t *translator) isNull(e ast.Expr, v value) (string, error) {
	switch v.kind {
	case nullKind:
		return "true", nil
	case rowsKind, otherKind:
		return "", t.refuse(e, "this cannot be compared with null")
	case rowKind:
		return t.isAbsent(v.row), nil
	}
	sql := "(" + v.nullable() + " IS NULL)"
	switch {
	case v.sure:
		return "false", nil
	case !v.null: // NULL is an error, and any other value is not null
		return "CASE WHEN " + v.nullable() + " IS NOT NULL THEN false END", nil
	case v.guard != "":
		return "CASE WHEN " + v.guard + " THEN " + sql + " END", nil
	}
	return sql, nil
}

// isAbsent translates the comparison of a reference with null.
func (t *translator) isAbsent(r *row) string {
	present := t.present(r)
	if present == "" {
		return "false"
	}
	sql := "((" + present + ") IS NOT TRUE)"
	if guard := t.present(r.parent); guard != "" {
		return "CASE WHEN " + guard + " THEN " + sql + " END"
	}
	return sql
}

// equal translates the equality of two values, neither of which is the literal null.
func (t *translator) equal(e ast.Expr, a, b value, m mode) (string, error) {
	l, r, err := t.sameType(e, a, b)
	if err != nil {
		return "", err
	}
	same := "(" + l + " = " + r + ")"
	switch {
	case !a.null && !b.null: // a NULL on either side is an error
		return same, nil
	case m == positive && (!a.null || !b.null): // one side is not null, so two nulls cannot occur
		return same, nil
	}
	guard := both(a.ok(), b.ok())
	if guard == "" && a.null != b.null { // one side is never NULL: keep the operator, which can use indexes
		nullable := l
		if b.null {
			nullable = r
		}
		return "(" + l + " = " + r + " AND " + nullable + " IS NOT NULL)", nil
	}
	same = "(" + l + " IS NOT DISTINCT FROM " + r + ")"
	if guard == "" {
		return same, nil
	}
	return "CASE WHEN " + guard + " THEN " + same + " END", nil
}

// sameType returns the SQL of two values with the same type, so that = compares them like CEL.
func (t *translator) sameType(e ast.Expr, a, b value) (l, r string, err error) {
	switch {
	case a.kind == listKind || b.kind == listKind || a.kind == otherKind || b.kind == otherKind:
		return "", "", t.refuse(e, "lists and JSON cannot be compared")
	case a.isText() && b.isText():
		return t.sameText(a, b)
	case isNumber(a) && isNumber(b):
		l, r = numbers(a, b)
		return l, r, nil
	case a.kind == b.kind:
		return a.sql, b.sql, nil
	}
	return "", "", t.refuse(e, "these have different types")
}

// sameText keeps the types of IDs and enums if possible, so that their indexes can be used.
func (t *translator) sameText(a, b value) (l, r string, err error) {
	if a.kind == textKind && b.kind != textKind {
		r, l, err = t.sameText(b, a)
		return l, r, err
	}
	s, isLiteral := b.literal.(string)
	switch {
	case a.kind == b.kind && a.enum == b.enum:
		return a.sql, b.sql, nil
	case b.kind != textKind:
	case a.kind == enumKind && isLiteral && a.enum.Has(s):
		return a.sql, quote(a.enum.Label(s)), nil
	case a.kind == uuidKind && isLiteral && isUUID(s):
		return a.sql, b.sql + "::uuid", nil
	case a.kind == uuidKind && b.uid && !a.null: // if both can be null, an ID that is not a UUID would be mistaken for null
		uid, err := t.args(UIDAsUUID)
		return a.sql, uid, err
	}
	return a.text(), b.text(), nil
}
