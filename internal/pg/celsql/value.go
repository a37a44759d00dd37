package celsql

import (
	"cmp"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// kind is the type of a value in the SQL.
type kind int

const (
	nullKind kind = iota
	boolKind
	intKind     // int8, or a whole numeric
	decimalKind // numeric
	floatKind   // float8
	textKind
	uuidKind
	enumKind // an enum of Postgres
	timeKind // timestamptz
	durationKind
	bytesKind
	listKind // an array
	rowKind  // a row, or a reference to one
	rowsKind // the rows at the other end of a relation
	otherKind
)

// value is a translated expression.
//
// Its SQL can be NULL for two reasons. If null is false, NULL means that the expression is an error. If null is true, NULL is CEL's null if
// guard is true, and an error otherwise.
type value struct {
	kind  kind
	sql   string
	null  bool
	guard string // empty means always true
	sure  bool   // the SQL is never NULL
	plain string // of a converted column: the column itself, which is NULL exactly when the SQL is; "" otherwise

	literal any          // a string for a literal of textKind
	number  string       // the digits of a literal of intKind or decimalKind
	bits    int          // of an intKind: its magnitude is at most 2 to the power of bits
	enum    *schema.Enum // of an enumKind value
	uid     bool         // auth.uid
	elem    *value       // of a listKind: the type of its elements, without SQL
	items   []value      // of a list literal
	kept    bool         // of an enumKind: Postgres keeps the expression; see ArgFunc
	row     *row         // of a rowKind; the parent of a rowsKind
	field   *schema.Field
}

// nullable returns SQL that is NULL exactly when the value's SQL is. It has no conversions, of which an index may not allow some.
func (v value) nullable() string { return cmp.Or(v.plain, v.sql) }

// ok returns a condition that is true if the value is not an error, and false or null otherwise. "" means always true.
func (v value) ok() string {
	switch {
	case v.guard != "":
		return v.guard
	case v.null || v.sure:
		return ""
	}
	return v.nullable() + " IS NOT NULL"
}

// columnKind returns the kind of a scalar field's column, or otherKind if CEL and SQL treat it differently.
func columnKind(f *schema.Field) kind {
	if f.Type.Enum != nil {
		if f.DataType == "" {
			return enumKind
		}
		return textKind
	}
	if f.Type.Scalar == schema.ID && (f.DataType == "" || strings.EqualFold(f.DataType, "uuid")) {
		return uuidKind
	}
	if f.Type.Scalar == schema.Decimal {
		return decimalKind
	}
	return celKinds[scalar.OfField(f).CEL]
}

// celKinds are the kinds of columns by the type of their values in CEL.
var celKinds = map[scalar.CEL]kind{
	scalar.CELString: textKind, scalar.CELInt: intKind, scalar.CELDouble: floatKind, scalar.CELBool: boolKind, scalar.CELTimestamp: timeKind,
	scalar.CELDuration: durationKind, scalar.CELBytes: bytesKind, scalar.CELDoubles: otherKind, scalar.CELAny: otherKind,
}

// column returns the value of a scalar field, given the SQL for its column.
func column(f *schema.Field, sql string) value {
	v := value{kind: columnKind(f), sql: sql, plain: sql, null: !f.Type.NonNull, sure: f.Type.NonNull, enum: f.Type.Enum}
	v.bits = columnBits(f)
	if f.Type.List {
		elem := value{kind: v.kind, bits: v.bits, null: !f.Type.ElemNonNull, sure: f.Type.ElemNonNull, enum: v.enum}
		v.kind, v.elem = listKind, &elem
		switch {
		case elem.kind == textKind && v.enum != nil:
			v.sql = EnumNames(v.enum, v.sql)
		case elem.kind == textKind && f.DataType != "":
			v.sql += "::text[]"
		}
		if f.Type.Scalar == schema.Date {
			v.elem.kind = otherKind
		}
		return v
	}
	switch {
	case v.kind == textKind && v.enum != nil && len(v.enum.Labelled()) > 0:
		v.sql = EnumName(v.enum, v.sql)
	case f.DataType != "" && f.DataType != "text" && v.kind == textKind:
		v.sql += "::text" // for example, citext compares differently
	case v.kind == floatKind, v.kind == decimalKind:
		v.sql = v.withoutNaN(v.sql)
		v.sure, v.plain = false, ""
	case v.kind == intKind:
		v.sql += "::int8"
	case f.Type.Scalar == schema.Date:
		v.sql = "(" + v.sql + "::timestamp AT TIME ZONE 'UTC')"
	case v.kind == timeKind && strings.HasPrefix(strings.ToLower(f.DataType), "timestamp") && !strings.Contains(strings.ToLower(f.DataType), "tz") &&
		!strings.Contains(strings.ToLower(f.DataType), "with time zone"):
		v.sql = "(" + v.sql + " AT TIME ZONE 'UTC')"
	}
	return v
}

// text returns the value as text, since CEL treats IDs and enums as strings.
func (v value) text() string {
	switch v.kind {
	case uuidKind:
		return v.sql + "::text"
	case enumKind:
		if v.kept {
			return immutableName(v.enum, v.sql)
		}
		return EnumName(v.enum, v.sql)
	}
	return v.sql
}

func (v value) isText() bool { return v.kind == textKind || v.kind == uuidKind || v.kind == enumKind }

func ident(name string) string { return pg.QuoteIdent(name) }

func both(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + " AND " + b
}
