package celsql

import (
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// in translates x in list, which compares as == does.
func (t *translator) in(e, left, right ast.Expr, m mode) (string, error) {
	x, list, err := t.pair(left, right)
	if err != nil {
		return "", err
	}
	switch {
	case list.kind != listKind:
		return "", t.refuse(e, "in needs a list of values; for rows write exists")
	case x.kind >= listKind || x.kind == nullKind || list.elem.kind == otherKind:
		return "", t.refuse(e, "in cannot look for this in SQL")
	case list.items != nil:
		return t.inItems(e, x, list, m)
	case len(list.sql) == 0:
		return "false", nil
	}
	needle, hay := x.sql, list.sql
	switch {
	case x.isText() && list.elem.isText() && (x.kind != list.elem.kind || x.enum != list.elem.enum):
		needle = x.text()
		if list.elem.kind != textKind {
			hay += "::text[]"
		}
	case x.kind != list.elem.kind:
		return "", t.refuse(e, "in needs a list of values of the same type")
	}
	if !x.null && !list.elem.null && !list.null {
		if strings.HasPrefix(hay, "(SELECT") { // ANY would take it for the set to search, rather than for an array
			hay = "coalesce(" + hay + ")"
		}
		found := "(" + needle + " = ANY (" + hay + "))"
		if ok := x.ok(); m == exact && ok != "" { // in an empty list not even NULL is found
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

// nonNull returns the condition under which a list is neither null nor failed.
func (v value) nonNull() string {
	if v.sure {
		return ""
	}
	return v.sql + " IS NOT NULL"
}

// inItems translates in with a list literal, element by element, so that ids and enums keep their types.
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

// quantifier translates exists and all. CEL's exists is true when the condition holds for any element,
// whatever fails for others, and otherwise fails when it fails for any; all is its mirror image.
func (t *translator) quantifier(e ast.Expr, m mode) (string, error) {
	c := e.AsComprehension()
	step := c.LoopStep()
	if step.Kind() != ast.CallKind || c.HasIterVar2() || len(step.AsCall().Args()) != 2 {
		return "", t.refuse(e, "only exists and all can be put in SQL")
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
		return exists(condition) // of no list and no row, nothing exists
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

// elements returns the FROM and WHERE, to which a condition is added, of a list, and what one element is.
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
