package celsql

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"github.com/google/uuid"

	"github.com/krowoc/krowoc/internal/pg"
)

// literal translates a literal of the expression.
func (t *translator) literal(e ast.Expr) (value, error) {
	switch v := e.AsLiteral().(type) {
	case types.Null:
		return value{kind: nullKind, sql: "NULL", null: true}, nil
	case types.Bool:
		return value{kind: boolKind, sql: strconv.FormatBool(bool(v)), sure: true}, nil
	case types.Int:
		return value{kind: intKind, sql: "(" + strconv.FormatInt(int64(v), 10) + ")::int8", sure: true, number: strconv.FormatInt(int64(v), 10), bits: magnitude(int64(v))}, nil
	case types.Double:
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return value{}, t.refuse(e, "the number is too large")
		}
		return literalNumber(strconv.FormatFloat(float64(v), 'g', -1, 64)), nil
	case types.String:
		if strings.ContainsRune(string(v), 0) {
			return value{}, t.refuse(e, "text in Postgres cannot contain the character U+0000")
		}
		return value{kind: textKind, sql: quote(string(v)), sure: true, literal: string(v)}, nil
	case types.Bytes:
		return value{kind: bytesKind, sql: fmt.Sprintf(`'\x%x'::bytea`, []byte(v)), sure: true}, nil
	}
	return value{}, t.refuse(e, "a %s cannot be translated to SQL", e.AsLiteral().Type().TypeName())
}

func quote(s string) string { return strings.TrimSpace(pg.QuoteLiteral(s)) }

// isUUID reports whether s is a UUID in the output format of Postgres.
func isUUID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

// list translates a list literal.
func (t *translator) list(e ast.Expr) (value, error) {
	out := value{kind: listKind, sure: true, elem: &value{sure: true}}
	for i, item := range e.AsList().Elements() {
		v, err := t.value(item)
		if err != nil {
			return value{}, err
		}
		if v.kind >= listKind || v.kind == nullKind || v.null {
			return value{}, t.refuse(item, "a list in SQL cannot contain this")
		}
		switch {
		case i == 0:
			out.elem.kind, out.elem.enum, out.elem.bits = v.kind, v.enum, v.bits
		case isNumber(v) && isNumber(*out.elem):
			out.elem.kind, out.elem.bits = max(v.kind, out.elem.kind), max(v.bits, out.elem.bits)
		case v.kind != out.elem.kind || v.enum != out.elem.enum:
			return value{}, t.refuse(item, "a list in SQL must contain values of one type")
		}
		out.items = append(out.items, v)
	}
	parts := make([]string, len(out.items))
	for i, v := range out.items {
		parts[i] = v.sql
		out.sure = out.sure && v.sure
	}
	if len(parts) == 0 {
		out.elem.kind = textKind
	}
	out.sql = "ARRAY[" + strings.Join(parts, ", ") + "]" + arrayType(*out.elem)
	if !out.sure { // the list is an error if an element is
		out.sql = "CASE WHEN array_position(" + out.sql + ", NULL) IS NULL THEN " + out.sql + " END"
	}
	return out, nil
}

// arrayType returns the cast of a list literal.
func arrayType(elem value) string {
	if elem.kind == intKind && elem.bits > int64Bits {
		return arrayTypes[decimalKind]
	}
	return arrayTypes[elem.kind]
}

// arrayTypes are the casts of list literals, which may be empty.
var arrayTypes = map[kind]string{
	boolKind: "::bool[]", intKind: "::int8[]", floatKind: "::float8[]", decimalKind: "::numeric[]", textKind: "::text[]", uuidKind: "::uuid[]",
	timeKind: "::timestamptz[]", durationKind: "::interval[]", bytesKind: "::bytea[]",
}

// constant returns the value of a string literal, for functions that need a constant argument.
func (t *translator) constant(e, arg ast.Expr, what string) (string, error) {
	if arg.Kind() == ast.LiteralKind {
		if s, ok := arg.AsLiteral().(types.String); ok {
			return string(s), nil
		}
	}
	return "", t.refuse(e, "%s needs a literal string as its argument", what)
}

// timestamp translates timestamp('…').
func (t *translator) timestamp(e ast.Expr, arg ast.Expr) (value, error) {
	if t.ast.GetType(arg.ID()).Kind() == types.TimestampKind {
		return t.value(arg)
	}
	s, err := t.constant(e, arg, "timestamp")
	if err != nil {
		return value{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || at.Nanosecond()%1000 != 0 {
		return value{}, t.refuse(arg, "write a time such as 2026-01-31T12:00:00Z, with at most microseconds")
	}
	return value{kind: timeKind, sql: "'" + at.UTC().Format("2006-01-02T15:04:05.999999Z") + "'::timestamptz", sure: true}, nil
}

// duration translates duration('…').
func (t *translator) duration(e ast.Expr, arg ast.Expr) (value, error) {
	if t.ast.GetType(arg.ID()).Kind() == types.DurationKind {
		return t.value(arg)
	}
	s, err := t.constant(e, arg, "duration")
	if err != nil {
		return value{}, err
	}
	d, err := time.ParseDuration(s)
	if err != nil || d%time.Microsecond != 0 {
		return value{}, t.refuse(arg, "write a duration such as 1h30m, with at most microseconds")
	}
	return value{kind: durationKind, sql: "'" + clock(d) + "'::interval", sure: true}, nil
}

// clock writes a duration as hours, minutes and seconds: before version 15, Postgres refuses more than 2^31 of a single unit.
func clock(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign = "-"
	}
	part := func(unit time.Duration) int64 { return int64((d / unit).Abs()) }
	seconds := fmt.Sprintf("%02d.%06d", part(time.Second)%60, part(time.Microsecond)%1_000_000)
	return fmt.Sprintf("%s%d:%02d:%s", sign, part(time.Hour), part(time.Minute)%60, strings.TrimSuffix(seconds, ".000000"))
}
