package scalar

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// ToPostgres returns a canonical text as the scalar's column reads it.
func (t Type) ToPostgres(canonical string) string {
	if t.Name != schema.Bytes {
		return canonical
	}
	raw, _ := base64.StdEncoding.DecodeString(canonical) // it is canonical
	return `\x` + hex.EncodeToString(raw)
}

// FromPostgres returns the canonical text of what a column writes as text, with datestyle ISO, the time zone UTC and intervalstyle
// iso_8601. It returns false for a value that is none of the scalar: NaN, infinity, and years beyond 0001 to 9999.
func (t Type) FromPostgres(text string) (canonical string, ok bool) {
	switch t.Name {
	case schema.Bytes:
		raw, err := hex.DecodeString(strings.TrimPrefix(text, `\x`))
		return base64.StdEncoding.EncodeToString(raw), err == nil
	case schema.DateTime:
		text = strings.TrimSuffix(strings.TrimSuffix(text, "+00"), "Z") // a timestamp without a zone is in UTC
		text = strings.Replace(text, " ", "T", 1) + "Z"
	case schema.Boolean:
		if text == "t" || text == "f" {
			text = map[string]string{"t": "true", "f": "false"}[text]
		}
	}
	return t.Canonical(text)
}

// JSONExpr returns SQL for the JSON of a column's value; quoted says that it still needs quotes around it. The JSON of null is null, and so
// is that of a value that is none of the scalar; see FromPostgres.
func (t Type) JSONExpr(column string) (expr string, quoted bool) {
	switch t.Name {
	case schema.ID:
		if t.isUUID() {
			return column + "::text", true
		}
		return "to_json(" + column + "::text)::text", false
	case schema.Int64:
		return column + "::text", true
	case schema.Decimal:
		return "CASE WHEN " + column + " > '-Infinity' AND " + column + " < 'Infinity' THEN " + column + "::text END", true // NaN is the greatest
	case schema.Int, schema.Boolean, schema.JSON, schema.Vector:
		return column + "::text", false
	case schema.Float:
		// JSON has no NaN and no infinity.
		return "to_json(nullif(nullif(nullif(" + column + ", 'NaN'), 'Infinity'), '-Infinity'))::text", false
	case schema.DateTime:
		utc := column
		if !t.IsLocal() {
			utc += " AT TIME ZONE 'UTC'"
		}
		return "CASE WHEN " + column + " >= '0001-01-01Z' AND " + column + " < '10000-01-01Z' THEN left(to_json(" + utc + ")::text, -1) || 'Z\"' END", false
	case schema.Date:
		return "CASE WHEN " + column + " BETWEEN '0001-01-01' AND '9999-12-31' THEN to_json(" + column + ")::text END", false
	case schema.Duration:
		return durationExpr(column), true
	case schema.Bytes:
		return "translate(encode(" + column + ", 'base64'), E'\\n', '')", true
	}
	if t.Name == schema.String && !t.IsText() {
		column += "::text" // the JSON of a composite type, an hstore or an array is no string
	}
	return "to_json(" + column + ")::text", false // String
}

// IsLocal reports whether a time is stored without a time zone, in UTC.
func (t Type) IsLocal() bool {
	return strings.HasPrefix(t.dataType, "timestamp") && !strings.HasPrefix(t.dataType, "timestamptz") && !strings.Contains(t.dataType, "with time zone")
}

var textTypes = regexp.MustCompile(`^(text|varchar|character varying|char|character|bpchar|citext|name|)(\s*\([0-9 ]+\))?(\[\])?( collate .*)?$`)

// IsText reports whether a string is stored as one, and not as a value of another type that is read and written in its text form.
func (t Type) IsText() bool { return t.Name == schema.String && textTypes.MatchString(t.dataType) }

// durationExpr writes an interval as interval.String does, whatever the session's intervalstyle is.
func durationExpr(column string) string {
	part := func(unit, letter string) string {
		return "nullif(trim_scale(extract(" + unit + " FROM " + column + ")::numeric)::text, '0') || '" + letter + "'"
	}
	days := part("year", "Y") + ", " + part("month", "M") + ", " + part("day", "D")
	times := part("hour", "H") + ", " + part("minute", "M") + ", " + part("second", "S")
	return "CASE WHEN isfinite(" + column + ") THEN coalesce(nullif(concat('P', " + days +
		", 'T' || nullif(concat(" + times + "), '')), 'P'), 'PT0S') END"
}
