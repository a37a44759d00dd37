// Package scalar knows the built-in scalars: how the text of each is read, its canonical text, its form in JSON and its form in Postgres.
// The API, seeds, defaults of a schema, expressions and generated models ask here, so that all of them accept and write the same values.
//
// The canonical text of a value is the one that the API answers with. A scalar that JSON has no type for is a string of that text; a
// Vector and a JSON are written as JSON themselves.
package scalar

import (
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// Type is a scalar as one column holds it.
type Type struct {
	Name schema.Scalar
	// SQL is the Postgres type that holds the scalar where the schema names no other.
	SQL string
	// Write says how a value is written, with its limits and an example: "write a date from 0001-01-01 to 9999-12-31, such as …".
	Write string
	// Pattern is a portable regular expression (schema.PortablePattern) that the JSON strings of the scalar match; empty where JSON has
	// a type for it or every string fits. All canonical texts match, and what matches is accepted, unless a number in it is out of range.
	Pattern string
	// Range is the smallest and the largest value of a whole number; both are empty for other scalars.
	Range schema.Range
	// CEL is what the values are in an expression.
	CEL CEL
	// About describes the scalar in the SDL of the API. It is empty for a scalar that GraphQL itself defines.
	About string
	// SpecifiedBy is the URL of a standard for the text, for @specifiedBy; empty where there is none.
	SpecifiedBy string

	canonical func(text string) (string, bool)
	dataType  string   // in lower case
	like      []string // see FromSQL
}

// Patterns of JSON strings, for Type.Pattern and for those who write models.
const (
	UUIDPattern     = `^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`
	Int64Pattern    = `^-?(?:0|[1-9][0-9]*)$`
	DecimalPattern  = `^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$`
	DatePattern     = `^(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$`
	DateTimePattern = `^(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$`
	Base64Pattern   = `^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$`

	// DurationPattern leaves out that a duration has at least one part: DurationEnd says so.
	DurationPattern = `^[+-]?P(?:[+-]?[0-9]{1,10}Y)?(?:[+-]?[0-9]{1,10}M)?(?:[+-]?[0-9]{1,10}W)?(?:[+-]?[0-9]{1,10}D)?(?:T(?:[+-]?[0-9]{1,10}H)?(?:[+-]?[0-9]{1,10}M)?(?:[+-]?[0-9]{1,10}(?:\.[0-9]{1,6})?S)?)?$`
	DurationEnd     = `[0-9][YMWDHS]$`
)

// types are all scalars. An ID is a UUID here; see Of for others.
var types = map[schema.Scalar]Type{
	schema.ID: {SQL: "uuid", CEL: CELString, Write: "write a UUID such as 019aa5f4-6c00-7000-8000-000000000001",
		Pattern: UUIDPattern, canonical: canonicalUUID},
	schema.String: {SQL: "text", CEL: CELString, Write: "write a text without the character U+0000", canonical: canonicalString},
	schema.Int: {SQL: "integer", like: []string{"smallint"}, CEL: CELInt, Write: "write a whole number from -2147483648 to 2147483647",
		Range: schema.Range{Min: "-2147483648", Max: "2147483647"}, canonical: canonicalInt},
	schema.Int64: {SQL: "bigint", CEL: CELInt, About: "A 64-bit integer, as a string.",
		Write: "write a whole number from -9223372036854775808 to 9223372036854775807", Pattern: Int64Pattern,
		Range: schema.Range{Min: "-9223372036854775808", Max: "9223372036854775807"}, canonical: canonicalInt64},
	schema.Float: {SQL: "double precision", like: []string{"real"}, CEL: CELDouble, Write: "write a finite number such as 0.25 or 1e-3",
		canonical: canonicalFloat},
	schema.Decimal: {SQL: "numeric", CEL: CELDouble, About: "A decimal number of any precision, as a string.",
		Write: "write a decimal number such as 12.50, of at most 1000 characters", Pattern: DecimalPattern, canonical: canonicalDecimal},
	schema.Boolean: {SQL: "boolean", CEL: CELBool, Write: "write true or false", canonical: canonicalBoolean},
	schema.Date: {SQL: "date", CEL: CELTimestamp, About: "A date: 2026-01-31.", Write: "write a date from 0001-01-01 to 9999-12-31, such as 2026-01-31",
		Pattern: DatePattern, canonical: canonicalDate},
	schema.DateTime: {SQL: "timestamptz", like: []string{"timestamp without time zone"}, CEL: CELTimestamp,
		About: "A time in UTC, as in RFC 3339: 2026-01-31T12:00:00Z.", SpecifiedBy: "https://www.rfc-editor.org/rfc/rfc3339",
		Write:   "write a time of the years 0001 to 9999 in RFC 3339, such as 2026-01-31T09:30:00Z",
		Pattern: DateTimePattern, canonical: canonicalDateTime},
	schema.Duration: {SQL: "interval", CEL: CELDuration, About: "A duration, as in ISO 8601: PT1H30M.",
		Write:   "write an ISO 8601 duration such as PT1H30M, P1DT-2H or P2W, with at most six decimals of seconds",
		Pattern: DurationPattern, canonical: canonicalDuration},
	schema.JSON: {SQL: "jsonb", like: []string{"json"}, CEL: CELAny, About: "Any JSON value.", Write: "write JSON without the character U+0000",
		canonical: canonicalJSON},
	schema.Bytes: {SQL: "bytea", CEL: CELBytes, About: "Bytes, in base64.", Write: "write the bytes in base64, such as aGVsbG8=",
		Pattern: Base64Pattern, canonical: canonicalBytes},
	schema.Vector: {SQL: "vector", CEL: CELDoubles, About: "A vector of numbers.", Write: "write a list of numbers such as [0.1, 0.2, 0.3]",
		canonical: canonicalVector},
}

// Of returns a scalar as a column of the given Postgres type holds it; an empty type is the scalar's own. The type decides what an ID is:
// a UUID, a whole number or a text.
func Of(s schema.Scalar, dataType string) Type {
	t := types[s]
	t.Name, t.dataType = s, strings.ToLower(dataType)
	if s == schema.Int && isSmall(t.dataType) {
		t.Write, t.canonical = "write a whole number from -32768 to 32767", canonicalSmallInt
		t.Range = schema.Range{Min: "-32768", Max: "32767"}
	}
	if s != schema.ID || t.isUUID() {
		return t
	}
	t.Pattern = ""
	if base := integer(t.dataType); base != "" {
		whole := Of(base, t.dataType)
		t.Write, t.canonical, t.Range, t.Pattern = whole.Write, whole.canonical, whole.Range, Int64Pattern
		return t
	}
	t.Write, t.canonical = "write a text that is not empty", canonicalTextID
	return t
}

// OfField returns the scalar of a field that has one.
func OfField(f *schema.Field) Type { return Of(f.Type.Scalar, f.DataType) }

// Canonical returns the canonical text of a value, false where the text is no value of the scalar: Write says what is one. Every text that
// is accepted here, Postgres accepts with the same value.
func (t Type) Canonical(text string) (canonical string, ok bool) {
	if t.canonical == nil {
		return "", false
	}
	return t.canonical(text)
}

func (t Type) isUUID() bool { return t.dataType == "" || t.dataType == "uuid" }

// isSmall reports whether a column, or each element of its array, is a smallint.
func isSmall(dataType string) bool {
	dataType = strings.TrimRight(dataType, "[]")
	if base, counts := schema.Serial(dataType); counts {
		dataType = base
	}
	return dataType == "smallint" || dataType == "int2"
}

// integer returns the scalar of the whole numbers in a column, or "" for a column of others.
func integer(dataType string) schema.Scalar {
	if base, counts := schema.Serial(dataType); counts {
		dataType = base
	}
	switch dataType {
	case "smallint", "int2", "integer", "int", "int4":
		return schema.Int
	case "bigint", "int8":
		return schema.Int64
	}
	return ""
}
