package celsql

import (
	"fmt"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// call translates operators and functions other than logical ones. All of them are strict: if an operand is null or an error, the result is
// NULL, which is an error.
func (t *translator) call(e ast.Expr) (value, error) {
	c := e.AsCall()
	switch c.FunctionName() {
	case operators.Conditional:
		return t.conditional(e)
	case "timestamp":
		return t.timestamp(e, c.Args()[0])
	case "duration":
		return t.duration(e, c.Args()[0])
	case "matches":
		return t.matches(e)
	}
	var args []value
	exprs := c.Args()
	if c.IsMemberFunction() {
		exprs = append([]ast.Expr{c.Target()}, exprs...)
	}
	for _, arg := range exprs {
		v, err := t.value(arg)
		if err != nil {
			return value{}, err
		}
		args = append(args, v)
	}
	switch c.FunctionName() {
	case "size":
		return t.size(e, args[0])
	case operators.Index:
		return t.index(e, args[0], args[1])
	case "startsWith", "endsWith", "contains", "lowerAscii", "upperAscii":
		return t.stringFunction(e, c.FunctionName(), args)
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate:
		return t.arithmetic(e, c.FunctionName(), args)
	case "int", "double", "string":
		return t.convert(e, c.FunctionName(), args[0])
	}
	if field, ok := timeFields[c.FunctionName()]; ok && len(args) == 1 && args[0].kind == timeKind {
		return value{kind: intKind, bits: int32Bits, sql: fmt.Sprintf("(floor(extract(%s FROM %s AT TIME ZONE 'UTC'))::int8 - %d)", field.unit, args[0].sql, field.from)}, nil
	}
	return value{}, t.refuse(e, "%s cannot be translated to SQL here", c.FunctionName())
}

// timeFields are the functions of timestamps. CEL counts some fields from 0 that SQL counts from 1.
var timeFields = map[string]struct {
	unit string
	from int
}{
	"getFullYear": {"year", 0}, "getMonth": {"month", 1}, "getDate": {"day", 0}, "getDayOfMonth": {"day", 1},
	"getDayOfWeek": {"dow", 0}, "getHours": {"hour", 0}, "getMinutes": {"minute", 0}, "getSeconds": {"second", 0},
}

// conditional translates c ? a : b, which is an error if c is.
func (t *translator) conditional(e ast.Expr) (value, error) {
	args := e.AsCall().Args()
	condition, err := t.condition(args[0], exact)
	if err != nil {
		return value{}, err
	}
	a, b, err := t.pair(args[1], args[2])
	if err != nil {
		return value{}, err
	}
	if a.kind >= rowKind || b.kind >= rowKind || a.kind == listKind || b.kind == listKind {
		return value{}, t.refuse(e, "?: cannot choose between lists or rows")
	}
	out := value{kind: a.kind, null: a.null || b.null, enum: a.enum, bits: max(a.bits, b.bits)}
	l, r := a.sql, b.sql
	switch {
	case isNumber(a) && isNumber(b) && a.kind != b.kind:
		out.kind = floatKind
		l, r = a.float(), b.float()
	case a.kind == nullKind:
		out.kind, out.enum = b.kind, b.enum
	case b.kind == nullKind:
	case a.isText() && b.isText() && (a.kind != b.kind || a.enum != b.enum):
		out.kind, out.enum, l, r = textKind, nil, a.text(), b.text()
	case a.kind != b.kind:
		return value{}, t.refuse(e, "?: needs two values of one type")
	}
	out.sql = "CASE WHEN " + condition + " THEN " + l + " WHEN NOT (" + condition + ") THEN " + r + " END"
	if out.null {
		out.guard = "CASE WHEN " + condition + " THEN " + always(a.ok()) + " WHEN NOT (" + condition + ") THEN " + always(b.ok()) + " END"
	}
	return out, nil
}

func always(condition string) string {
	if condition == "" {
		return "true"
	}
	return condition
}

func (t *translator) size(e ast.Expr, v value) (value, error) {
	out := value{kind: intKind, sure: v.sure, bits: int32Bits}
	switch v.kind {
	case textKind, uuidKind, enumKind:
		out.sql = "length(" + v.text() + ")::int8"
	case bytesKind:
		out.sql = "octet_length(" + v.sql + ")::int8"
	case listKind:
		out.sql = "cardinality(" + v.sql + ")::int8"
	case rowsKind:
		x := &row{typ: v.field.Relation.Target, alias: t.alias()}
		out.bits = int64Bits
		out.sql = "(SELECT count(*) FROM " + ident(x.typ.Table) + " " + x.alias + " WHERE " + t.joined(v.field.Relation, v.row, x) + ")"
		if guard := t.present(v.row); guard != "" {
			out.sql = "CASE WHEN " + guard + " THEN " + out.sql + " END"
		}
	default:
		return value{}, t.refuse(e, "size of this value cannot be translated to SQL")
	}
	return out, nil
}

// index translates list[i], which counts from 0 and is an error outside of the list.
func (t *translator) index(e ast.Expr, list, i value) (value, error) {
	if list.kind != listKind || i.kind != intKind || list.elem.null || list.elem.kind == otherKind {
		return value{}, t.refuse(e, "only a list without nulls can be indexed in SQL")
	}
	position := i.sql
	if i.bits > int32Bits-1 { // beyond int4 there are no elements
		position = "CASE WHEN " + i.sql + " BETWEEN 0 AND 2147483646 THEN " + i.sql + " END"
	}
	element := list.elementSQL("(" + list.sql + ")[(" + position + " + 1)::int4]")
	return value{kind: list.elem.kind, enum: list.elem.enum, bits: list.elem.bits, sql: element}, nil
}

// elementSQL returns the SQL for an element of an array column, with the conversions of a scalar column.
func (v value) elementSQL(sql string) string {
	switch {
	case v.items != nil:
		return sql
	case v.elem.kind == intKind:
		return sql + "::int8"
	case v.elem.kind == floatKind, v.elem.kind == decimalKind:
		return v.elem.withoutNaN(sql)
	}
	return sql
}

func (t *translator) stringFunction(e ast.Expr, name string, args []value) (value, error) {
	for _, v := range args {
		if !v.isText() {
			return value{}, t.refuse(e, "%s needs strings", name)
		}
	}
	s := args[0].text()
	switch name {
	case "startsWith":
		return value{kind: boolKind, sql: "starts_with(" + s + ", " + args[1].text() + ")"}, nil
	case "endsWith":
		suffix := args[1].text()
		return value{kind: boolKind, sql: "(right(" + s + ", length(" + suffix + ")) = " + suffix + ")"}, nil
	case "contains":
		return value{kind: boolKind, sql: "(strpos(" + s + ", " + args[1].text() + ") > 0)"}, nil
	}
	function := "lower" // with the collation "C" it changes only ASCII letters
	if name == "upperAscii" {
		function = "upper"
	}
	return value{kind: textKind, sql: function + "(" + s + ` COLLATE "C")`}, nil
}

func (t *translator) arithmetic(e ast.Expr, name string, args []value) (value, error) {
	a := args[0]
	if name == operators.Negate {
		if !isNumber(a) {
			return value{}, t.refuse(e, "- needs a number")
		}
		return negative(a), nil
	}
	b := args[1]
	symbol, _ := operators.FindReverse(name)
	sql := "(" + a.sql + " " + symbol + " " + b.sql + ")"
	switch {
	case a.isText() && b.isText() && name == operators.Add:
		return value{kind: textKind, sql: "(" + a.text() + " || " + b.text() + ")"}, nil
	case a.kind == intKind && b.kind == intKind:
		return whole(name, symbol, a, b), nil
	case isNumber(a) && isNumber(b):
		return fraction(name, symbol, a, b), nil
	case a.kind == durationKind && b.kind == timeKind && name == operators.Add:
		return shift(b, symbol, a), nil
	case a.kind == timeKind && b.kind == durationKind && (name == operators.Add || name == operators.Subtract):
		return shift(a, symbol, b), nil
	case a.kind == timeKind && b.kind == timeKind && name == operators.Subtract,
		a.kind == durationKind && b.kind == durationKind && (name == operators.Add || name == operators.Subtract):
		return value{kind: durationKind, sql: sql}, nil
	}
	return value{}, t.refuse(e, "%s cannot be translated to SQL for these types", symbol)
}

// shift adds a duration to a time. A day has 24 hours in every time zone of the session.
func shift(at value, symbol string, by value) value {
	return value{kind: timeKind, sql: "((" + at.sql + " AT TIME ZONE 'UTC' " + symbol + " " + by.sql + ") AT TIME ZONE 'UTC')"}
}

func (t *translator) convert(e ast.Expr, name string, v value) (value, error) {
	switch {
	case name == "string" && v.isText():
		return value{kind: textKind, sql: v.text(), null: v.null, guard: v.guard, sure: v.sure}, nil
	case name == "string" && (v.kind == intKind || v.kind == boolKind):
		return value{kind: textKind, sql: v.sql + "::text"}, nil
	case name == "int" && v.kind == intKind, name == "double" && (v.kind == floatKind || v.kind == decimalKind):
		v.null, v.guard = false, ""
		return v, nil
	case name == "int" && v.kind == floatKind:
		return value{kind: intKind, bits: int64Bits, sql: "trunc(" + v.sql + ")::int8"}, nil
	case name == "int" && v.kind == decimalKind:
		return value{kind: intKind, bits: anyBits, sql: "trunc(" + v.sql + ")"}, nil
	case name == "double" && v.kind == intKind:
		return value{kind: floatKind, sql: v.sql + "::float8"}, nil
	}
	return value{}, t.refuse(e, "%s() cannot convert this in SQL", name)
}
