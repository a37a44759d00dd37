// Package cast knows how the values of a column become those of another type: what a conversion loses, and how to write
// it so that the result does not depend on the time zone of a session.
package cast

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// kind is a type without its modifiers, and with the names that Postgres itself writes.
type kind struct {
	name             string
	precision, scale int // of numeric, or the digits of a second; -1 where there is none
	array            bool
}

var (
	modifiers = regexp.MustCompile(`\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\)`)
	aliases   = map[string]string{
		"int2": "smallint", "int": "integer", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision", "decimal": "numeric",
		"timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz", "time without time zone": "time",
		"character varying": "varchar", "character": "char", "bpchar": "char",
	}
)

// kindOf reads a type as Postgres or a person writes it.
func kindOf(typ string) kind {
	k := kind{precision: -1, scale: -1}
	name := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(typ)), "pg_catalog.")
	if element, ok := strings.CutSuffix(name, "[]"); ok {
		name, k.array = element, true
	}
	if m := modifiers.FindStringSubmatch(name); m != nil {
		k.precision, _ = strconv.Atoi(m[1]) // digits
		k.scale = 0
		if m[2] != "" {
			k.scale, _ = strconv.Atoi(m[2])
		}
		name = strings.Join(strings.Fields(strings.Replace(name, m[0], " ", 1)), " ")
	}
	if plain, counts := schema.Serial(name); counts {
		name = plain
	}
	k.name = cmp.Or(aliases[name], name)
	return k
}

// pair are two types without modifiers.
type pair struct{ from, to string }

// Losses by the types alone. What fails for a value that does not fit, such as bigint to integer, loses nothing.
var losses = map[pair]string{
	{"timestamptz", "date"}: "the time of day", {"timestamp", "date"}: "the time of day",
	{"timestamptz", "time"}: "the date", {"timestamp", "time"}: "the date", {"timestamptz", "time with time zone"}: "the date",
	{"time with time zone", "time"}: "the time zone", {"interval", "time"}: "whole days",
	{"double precision", "real"}: "digits after the sixth", {"numeric", "real"}: "digits after the sixth", {"integer", "real"}: "digits after the sixth",
	{"bigint", "real"}: "digits after the sixth", {"numeric", "double precision"}: "digits after the fifteenth", {"bigint", "double precision"}: "digits after the fifteenth",
	{"integer", "boolean"}: "every number but 0 and 1",
	{"json", "jsonb"}:      "duplicate keys, the order of keys, and spaces",
	{"inet", "cidr"}:       "the part of an address behind its mask",
}

// textLosses are what a text may contain beyond a value of a type that reads it all the same.
var textLosses = map[string]string{
	"date": "the time of day", "time": "the date", "real": "digits after the sixth", "double precision": "digits after the fifteenth",
	"jsonb": "duplicate keys, the order of keys, and spaces", "timestamp": "the time zone",
}

// floatDigits are the decimal digits that a floating-point type always keeps (FLT_DIG and DBL_DIG of C).
var floatDigits = map[string]int{"real": 6, "double precision": 15}

var (
	whole    = map[string]bool{"smallint": true, "integer": true, "bigint": true}
	fraction = map[string]bool{"real": true, "double precision": true, "numeric": true}
	seconds  = map[string]bool{"timestamp": true, "timestamptz": true, "time": true, "time with time zone": true, "interval": true}
)

// Loss says what values lose when their column becomes another type by a cast, as a noun: "the time of day"; "" when each value
// would come back as it was, or when the cast fails. How a text spells a value does not count.
func Loss(from, to string) string {
	a, b := kindOf(from), kindOf(to)
	if a.array != b.array {
		return ""
	}
	switch {
	case isText(a.name) && !isText(b.name):
		return textLosses[b.name]
	case a.name == "numeric" && a.precision >= 0 && a.precision <= floatDigits[b.name]:
		return ""
	case losses[pair{a.name, b.name}] != "":
		return losses[pair{a.name, b.name}]
	case whole[b.name] && fractionDigits(a) > 0:
		return "the digits after the point"
	case b.name == "numeric" && b.precision >= 0 && fractionDigits(a) > max(b.scale, 0):
		return fmt.Sprintf("the digits after the point beyond %d", max(b.scale, 0))
	case a.name == "interval" && whole[b.name]:
		return "fractions of a second, and days and months, which become hours"
	case a.name == "bytea" && whole[b.name]:
		return "leading zero bytes" // a cast since version 18
	case isCounted(a) && whole[b.name] && a.precision != 0:
		return "fractions of a second"
	case seconds[a.name] && seconds[b.name] && moreDigits(a, b):
		return fmt.Sprintf("the digits of a second beyond %d", b.precision)
	}
	return ""
}

// moreDigits reports whether one type has more digits of a second than another.
func moreDigits(a, b kind) bool {
	return b.precision >= 0 && (a.precision < 0 || a.precision > b.precision)
}

// fractionDigits is how many digits after the point a number may have.
func fractionDigits(k kind) int {
	switch {
	case !fraction[k.name]:
		return 0
	case k.name == "numeric" && k.precision >= 0:
		return max(k.scale, 0)
	}
	return 1 << 14 // any
}

func isText(name string) bool {
	return slices.Contains([]string{"text", "varchar", "char", "citext"}, name)
}

// isPlainMoment is a text that is a moment without a time zone.
const isPlainMoment = `^\s*\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?\s*$`

// Using returns the expression that converts a column. It takes a moment in UTC and not in the time zone of the session that happens
// to run it, cuts no text that is too long, so that the conversion fails instead, and keeps every digit of a number. It returns "" where
// Postgres does the same by itself. Elements of arrays depend on the session.
func Using(column, from, to string) string {
	a, b := kindOf(from), kindOf(to)
	array := ""
	if a.array {
		array = "[]"
	}
	if sql := cmp.Or(usingUTC(column, to, a, b), usingSeconds(column, to, a, b)); sql != "" {
		return sql
	}
	switch {
	case a.array != b.array:
	case isText(a.name) && isText(b.name):
		return "" // assigned, and refused when it is too long
	case a.name == "real" || a.name == "double precision":
		if b.name == "numeric" { // a cast rounds to 6 or 15 digits
			return column + "::text" + array + "::numeric" + array
		}
	case a.array:
	case isText(a.name) && b.name == "bytea":
		return "convert_to(" + column + ", 'UTF8')" // the cast reads backslashes
	case a.name == "bytea" && isText(b.name):
		return "convert_from(" + column + ", 'UTF8')"
	}
	switch {
	case byItself(a, b):
		return ""
	case (b.name == "varchar" || b.name == "char") && (a.array == b.array || !b.array):
		if !b.array {
			array = ""
		}
		return column + "::text" + array // assigned, and refused when it is too long
	}
	return column + "::" + to
}

// usingUTC is Using for moments with a time zone on one side; "" for anything else.
func usingUTC(column, to string, a, b kind) string {
	inUTC := column + " AT TIME ZONE 'UTC'"
	switch {
	case a.array || b.array:
	case a.name == "timestamptz" && (b.name == "timestamp" || b.name == "date" || b.name == "time"):
		return castTo(inUTC, to, b.name == "timestamp" && b.precision < 0)
	case a.name == "timestamp" && b.name == "timestamptz":
		return castTo(inUTC, to, b.precision < 0)
	case a.name == "date" && b.name == "timestamptz":
		return castTo(column+"::timestamp AT TIME ZONE 'UTC'", to, b.precision < 0)
	case a.name == "timestamptz" && isText(b.name):
		return "CASE WHEN isfinite(" + column + ") THEN to_char(" + inUTC + `, 'YYYY-MM-DD"T"HH24:MI:SS.US') || 'Z' || CASE WHEN extract(year FROM ` + inUTC +
			") < 0 THEN ' BC' ELSE '' END ELSE " + column + "::text END"
	case isText(a.name) && b.name == "timestamptz":
		return "CASE WHEN " + column + " ~ '" + isPlainMoment + "' THEN " + castTo(column+"::timestamp AT TIME ZONE 'UTC'", to, b.precision < 0) + " ELSE " + column + "::" + to + " END"
	}
	return ""
}

// usingSeconds is Using for whole numbers, which count seconds as durations and seconds since 1970 (Unix time) as moments; "" for
// anything else. Postgres has no casts between them.
func usingSeconds(column, to string, a, b kind) string {
	switch {
	case a.array || b.array:
	case whole[a.name] && b.name == "interval":
		return castTo(column+" * interval '1 second'", to, b.precision < 0)
	case whole[a.name] && b.name == "timestamptz":
		return castTo("to_timestamp("+column+")", to, b.precision < 0)
	case whole[a.name] && b.name == "timestamp":
		return castTo("to_timestamp("+column+") AT TIME ZONE 'UTC'", to, b.precision < 0)
	case isCounted(a) && whole[b.name]:
		return "trunc(extract(epoch FROM " + column + "))::" + to
	}
	return ""
}

// isCounted reports whether a type becomes whole seconds.
func isCounted(k kind) bool {
	return k.name == "interval" || k.name == "timestamptz" || k.name == "timestamp"
}

func castTo(sql, typ string, isType bool) string {
	if isType {
		return sql
	}
	return "(" + sql + ")::" + typ
}

// byItself reports whether Postgres converts values when they are assigned, without USING.
func byItself(a, b kind) bool {
	number := func(k kind) bool { return whole[k.name] || fraction[k.name] }
	clock := func(k kind) bool { return k.name == "date" || k.name == "timestamp" || k.name == "timestamptz" }
	return a.array == b.array && (a.name == b.name || (number(a) && number(b)) || (clock(a) && clock(b)))
}
