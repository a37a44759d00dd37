package celsql

import (
	"math/bits"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/operators"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/expr"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// Numbers keep what they are in Postgres. The columns of a Decimal and literals are numeric, which is exact, and those of a Float are
// float8; where the two meet, both become float8. Whole numbers are int8 as long as no result can overflow it, and numeric otherwise.
// Generated models calculate in the same way, so that a check has one verdict everywhere.

// The magnitudes of whole numbers, for value.bits.
const (
	int16Bits = 15
	int32Bits = 31
	int64Bits = 63
	anyBits   = 1 << 20 // numeric
)

// fits is the largest magnitude of a result that is calculated in int8.
const fits = int64Bits - 1

// columnBits returns the magnitude of a whole number in a column.
func columnBits(f *schema.Field) int {
	switch limit := scalar.OfField(f).Range.Max; {
	case f.Type.Scalar != schema.Int:
		return int64Bits
	case limit == strconv.Itoa(1<<int16Bits-1):
		return int16Bits
	}
	return int32Bits
}

// withoutNaN returns a number that is null for NaN, which Postgres treats as equal to itself and greater than all numbers.
func (v value) withoutNaN(sql string) string {
	if v.kind == floatKind {
		return "nullif(" + sql + ", 'NaN')::float8"
	}
	return "nullif(" + sql + ", 'NaN')"
}

// float returns the number for a place where the other one is float8. Postgres converts what is not a literal.
func (v value) float() string {
	if v.kind == decimalKind && v.number != "" {
		return "'" + v.number + "'::float8"
	}
	return v.sql
}

// numeric returns a whole number for calculations that may leave int8.
func (v value) numeric() string {
	if v.bits > int64Bits {
		return v.sql
	}
	return v.sql + "::numeric"
}

// numbers returns the SQL of two numbers that are compared.
func numbers(a, b value) (l, r string) {
	if a.kind == floatKind || b.kind == floatKind {
		return a.float(), b.float()
	}
	return a.sql, b.sql
}

func isNumber(v value) bool { return v.kind == intKind || v.kind == decimalKind || v.kind == floatKind }

func negative(v value) value {
	switch {
	case v.kind == decimalKind && v.number != "":
		return literalNumber("-" + v.number)
	case v.kind == intKind && v.bits > fits:
		return value{kind: intKind, bits: anyBits, sql: "(- " + v.numeric() + ")"}
	}
	return value{kind: v.kind, bits: v.bits, sql: "(- " + v.sql + ")"}
}

// literalNumber returns a number with a point. Two signs cancel each other.
func literalNumber(digits string) value {
	digits = strings.TrimPrefix(digits, "--")
	return value{kind: decimalKind, sql: "'" + digits + "'::numeric", sure: true, number: digits}
}

// whole calculates with whole numbers. A division truncates, and one by zero is an error.
func whole(name, symbol string, a, b value) value {
	out := value{kind: intKind, bits: max(a.bits, b.bits) + 1}
	switch name {
	case operators.Multiply:
		out.bits = a.bits + b.bits
	case operators.Divide:
		if out.bits = a.bits; a.bits == int64Bits && (b.number == "" || b.number == "-1") {
			out.bits++
		}
	case operators.Modulo:
		out.bits = b.bits
	}
	limit := fits
	if name == operators.Divide || name == operators.Modulo {
		limit = int64Bits
	}
	l, r := a.sql, b.sql
	numeric := max(a.bits, b.bits) > int64Bits || out.bits > limit
	if numeric {
		l, r, out.bits = a.numeric(), b.numeric(), anyBits
	}
	switch {
	case name == operators.Divide && numeric:
		out.sql = "div(" + l + ", nullif(" + r + ", 0))"
	case name == operators.Divide, name == operators.Modulo:
		out.sql = "(" + l + " " + symbol + " nullif(" + r + ", 0))"
	default:
		out.sql = "(" + l + " " + symbol + " " + r + ")"
	}
	return out
}

// fraction calculates with numbers that have a point. A numeric division by a literal multiplies where that is exact.
func fraction(name, symbol string, a, b value) value {
	out := value{kind: decimalKind}
	l, r := numbers(a, b)
	if a.kind == floatKind || b.kind == floatKind {
		out.kind = floatKind
	}
	if name == operators.Divide {
		inverse, exact := expr.Reciprocal(b.number)
		if exact && out.kind == decimalKind {
			out.sql = "(" + l + " * '" + inverse + "'::numeric)"
			return out
		}
		r = "nullif(" + r + ", 0)"
	}
	out.sql = "(" + l + " " + symbol + " " + r + ")"
	return out
}

func magnitude(n int64) int {
	if n < 0 {
		n = -(n + 1)
		return bits.Len64(uint64(n) + 1)
	}
	return bits.Len64(uint64(n))
}
