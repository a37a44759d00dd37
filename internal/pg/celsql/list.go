package celsql

import (
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// in translates x in list, which compares like ==.
func (t *translator) in(e, left, right ast.Expr, m mode) (string, error) {
	x, list, err := t.pair(left, right)
	if err != nil {
		return "", err
	}
	switch {
	case list.kind != listKind:
		return "", t.refuse(e, "in needs a list of values; use exists for rows")
	case x.kind >= listKind || x.kind == nullKind || list.elem.kind == otherKind:
		return "", t.refuse(e, "in cannot be translated to SQL for this value")
	case list.items != nil:
		return t.inItems(e, x, list, m)
	case len(list.sql) == 0:
		return "false", nil
	}
	needle, hay := x.sql, list.sql
	switch {
	case x.isText() && list.elem.isText() && (x.kind != list.elem.kind || x.enum != list.elem.enum):
		needle = x.text()
		s, isLiteral := x.literal.(string)
		switch {
		case list.elem.kind == enumKind && list.kept && isLiteral && list.elem.enum.Has(s):
			needle = quote(list.elem.enum.Label(s)) + "::" + ident(list.elem.enum.DBName)
		case list.elem.kind != textKind && list.kept:
			return "", t.refuse(e, "Postgres cannot keep this conversion of a list to text; use a literal")
		case list.elem.kind == enumKind && isLiteral && list.elem.enum.Has(s):
			needle, hay = quote(list.elem.enum.Label(s)), hay+"::text[]"
		case list.elem.kind == enumKind:
			hay = EnumNames(list.elem.enum, hay)
		case list.elem.kind != textKind:
			hay += "::text[]"
		}
	case isNumber(x) && isNumber(*list.elem):
		needle, hay = numberIn(x, list)
	case x.kind != list.elem.kind:
		return "", t.refuse(e, "in needs a list of values of the same type")
	}
	if !x.null && !list.elem.null && !list.null {
		if strings.HasPrefix(hay, "(SELECT") { // otherwise ANY would treat it as a subquery
			hay = "coalesce(" + hay + ")"
		}
		found := "(" + needle + " = ANY (" + hay + "))"
		if ok := x.ok(); m == exact && ok != "" { // NULL is not found in an empty list
			found = "CASE WHEN " + ok + " THEN " + found + " END"
		}
		return found, nil
	}
	found := "(array_position(" + hay + ", " + needle + ") IS NOT NULL)"
	if guard := both(list.nonNull(), x.ok()); guard != "" {
		return "CASE WHEN " + guard + " THEN " + found + " END", nil
	}
	return found, nil
}

// numberIn returns a number and a list of numbers of the same type.
func numberIn(x, list value) (needle, hay string) {
	switch {
	case x.kind == floatKind || list.elem.kind == floatKind:
		if needle, hay = x.float(), list.sql; list.elem.kind != floatKind {
			hay += "::float8[]"
		}
		if x.kind != floatKind && x.number == "" {
			needle += "::float8"
		}
		return needle, hay
	case x.kind == intKind && x.bits > int64Bits && list.elem.kind == intKind:
		return x.sql, list.sql + "::numeric[]"
	case x.kind == list.elem.kind:
		return x.sql, list.sql
	}
	return x.sql + "::numeric", list.sql + "::numeric[]"
}

// nonNull returns the condition under which a list is neither null nor an error.
func (v value) nonNull() string {
	if v.sure {
		return ""
	}
	return v.sql + " IS NOT NULL"
}

// inItems translates in with a list literal, element by element, so that IDs and enums keep their types.
func (t *translator) inItems(e ast.Expr, x, list value, m mode) (string, error) {
	parts := make([]string, len(list.items))
	for i, item := range list.items {
		var err error
		if parts[i], err = t.equal(e, x, item, m); err != nil {
			return "", err
		}
	}
	sql := "(" + strings.Join(parts, " OR ") + ")"
	if list.sure {
		return sql, nil
	}
	return "CASE WHEN " + list.sql + " IS NOT NULL THEN " + sql + " END", nil
}

// quantifier translates exists and all. CEL's exists is true if the condition is true for any element, even if it is an error for others.
// If it is true for none, an error for any element makes exists an error. all is the reverse.
func (t *translator) quantifier(e ast.Expr, m mode) (string, error) {
	c := e.AsComprehension()
	step := c.LoopStep()
	if step.Kind() != ast.CallKind || c.HasIterVar2() || len(step.AsCall().Args()) != 2 {
		return "", t.refuse(e, "only exists and all can be translated to SQL")
	}
	list, err := t.value(c.IterRange())
	if err != nil {
		return "", err
	}
	from, element, err := t.elements(c.IterRange(), list)
	if err != nil {
		return "", err
	}
	hidden, shadowed := t.vars[c.IterVar()]
	t.vars[c.IterVar()] = element
	defer func() {
		delete(t.vars, c.IterVar())
		if shadowed {
			t.vars[c.IterVar()] = hidden
		}
	}()
	all := step.AsCall().FunctionName() == operators.LogicalAnd
	condition, err := t.condition(step.AsCall().Args()[1], m)
	if err != nil {
		return "", err
	}
	return t.quantified(list, from, condition, all, m), nil
}

func (t *translator) quantified(list value, from, condition string, all bool, m mode) string {
	guard := list.nonNull()
	if list.kind == rowsKind {
		guard = t.present(list.row)
	}
	exists := func(test string) string { return "EXISTS (SELECT FROM " + from + test + ")" }
	var sql string
	switch {
	case m == positive && !all:
		return exists(condition) // without a list or row, no element exists
	case m == positive:
		sql = "NOT " + exists("("+condition+") IS NOT TRUE")
		if guard != "" {
			return "(" + guard + " AND " + sql + ")"
		}
		return sql
	case all:
		sql = "WHEN " + exists("("+condition+") IS FALSE") + " THEN false WHEN NOT " + exists("("+condition+") IS NULL") + " THEN true"
	default:
		sql = "WHEN " + exists(condition) + " THEN true WHEN NOT " + exists("("+condition+") IS NULL") + " THEN false"
	}
	if guard != "" {
		sql = "WHEN (" + guard + ") IS NOT TRUE THEN NULL " + sql
	}
	return "CASE " + sql + " END"
}

// elements returns the FROM and WHERE of a list, to which the caller adds a condition, and the value of an element.
func (t *translator) elements(e ast.Expr, list value) (from string, element value, err error) {
	alias := t.alias()
	switch list.kind {
	case rowsKind:
		x := &row{typ: list.field.Relation.Target, alias: alias}
		return ident(x.typ.Table) + " " + alias + " WHERE " + t.joined(list.field.Relation, list.row, x) + " AND ", value{kind: rowKind, row: x}, nil
	case listKind:
		if list.elem.kind == otherKind {
			break
		}
		element = *list.elem
		element.sql = list.elementSQL(alias + ".v")
		return "unnest(" + list.sql + ") " + alias + "(v) WHERE ", element, nil
	}
	return "", value{}, t.refuse(e, "exists and all need a list")
}
