package celsql

import (
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/krowoc/krowoc/internal/schema"
)

// Everything outside of the database calls the value of an enum by its name, and Postgres by its label. Where they differ, SQL
// converts at the boundary. The enum's own operators, its order and its indexes work on labels and need no conversion.

// EnumName returns SQL for the name of an enum value as text. A label that the schema does not know is returned as it is.
func EnumName(e *schema.Enum, sql string) string {
	return translated(e, sql+"::text", labelOf, nameOf)
}

// immutableName is EnumName for an expression that Postgres keeps: the cast of an enum to text is not immutable.
func immutableName(e *schema.Enum, sql string) string {
	var b strings.Builder
	b.WriteString("CASE " + sql)
	for _, v := range e.Values {
		b.WriteString(" WHEN " + quote(v.Label) + " THEN " + quote(v.Name))
	}
	return b.String() + " END"
}

// enumLabel returns SQL for the label of the enum value with a name, both as text.
func enumLabel(e *schema.Enum, sql string) string {
	return translated(e, sql, nameOf, labelOf)
}

func nameOf(v schema.EnumValue) string  { return v.Name }
func labelOf(v schema.EnumValue) string { return v.Label }

func translated(e *schema.Enum, sql string, from, to func(schema.EnumValue) string) string {
	labelled := e.Labelled()
	if len(labelled) == 0 {
		return sql
	}
	var b strings.Builder
	b.WriteString("CASE " + sql)
	for _, v := range labelled {
		b.WriteString(" WHEN " + quote(from(v)) + " THEN " + quote(to(v)))
	}
	return b.String() + " ELSE " + sql + " END"
}

// EnumNames returns SQL for the names of an array of enum values as text[].
func EnumNames(e *schema.Enum, sql string) string {
	return eachTranslated(e, sql+"::text[]", labelOf, nameOf)
}

// eachTranslated is translated for a text[]. A check cannot contain a subquery, so it uses one only where what an earlier
// replacement writes would be replaced again.
func eachTranslated(e *schema.Enum, sql string, from, to func(schema.EnumValue) string) string {
	labelled, written := e.Labelled(), map[string]bool{}
	replaced := sql
	for _, v := range labelled {
		if written[from(v)] {
			return "CASE WHEN " + sql + " IS NOT NULL THEN ARRAY(SELECT " + translated(e, "u.v", from, to) +
				" FROM unnest(" + sql + ") WITH ORDINALITY u(v, n) ORDER BY u.n) END"
		}
		written[to(v)] = true
		replaced = "array_replace(" + replaced + ", " + quote(from(v)) + ", " + quote(to(v)) + ")"
	}
	return replaced
}

// ValueOf returns a function like Value, for a value that a column of an enum or of a list of one takes.
func ValueOf(e *schema.Enum) func(*cel.Ast, *schema.Schema, *schema.Type, string, ArgFunc) (string, error) {
	if e == nil {
		return Value
	}
	return func(checked *cel.Ast, s *schema.Schema, this *schema.Type, alias string, args ArgFunc) (string, error) {
		t := newTranslator(checked, s, this, alias, args)
		v, err := t.value(t.ast.Expr())
		if args == nil {
			return v.immutableLabels(e), err
		}
		return v.labels(e), err
	}
}

// labels returns SQL for what a column of an enum takes.
func (v value) labels(e *schema.Enum) string {
	switch s, isLiteral := v.literal.(string); {
	case isLiteral:
		return quote(e.Label(s))
	case v.kind == textKind, v.kind == uuidKind, v.kind == enumKind && v.enum != e:
		return enumLabel(e, v.text())
	case v.kind != listKind, v.elem.kind != textKind:
	case v.items != nil:
		parts := make([]string, len(v.items))
		for i, item := range v.items {
			parts[i] = item.labels(e)
		}
		return "ARRAY[" + strings.Join(parts, ", ") + "]::text[]"
	default:
		return eachTranslated(e, v.sql, nameOf, labelOf)
	}
	return v.sql
}

// immutableLabels is labels for a column that Postgres computes: the cast of a text to an enum is not immutable.
func (v value) immutableLabels(e *schema.Enum) string {
	typ := "::" + ident(e.DBName)
	switch s, isLiteral := v.literal.(string); {
	case isLiteral:
		return quote(e.Label(s)) + typ
	case v.kind == listKind && v.items != nil:
		parts := make([]string, len(v.items))
		for i, item := range v.items {
			parts[i] = item.immutableLabels(e)
		}
		return "ARRAY[" + strings.Join(parts, ", ") + "]" + typ + "[]"
	case v.isText() && (v.kind != enumKind || v.enum != e):
		var b strings.Builder
		b.WriteString("CASE " + v.text())
		for _, known := range e.Values {
			b.WriteString(" WHEN " + quote(known.Name) + " THEN " + quote(known.Label) + typ)
		}
		return b.String() + " END"
	}
	return v.sql
}
