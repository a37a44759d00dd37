package graph

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/krowoc/krowoc/internal/schema"
)

// Values are bound as text, which Postgres reads as the type of the column beside them. They are checked
// here first, so that a client's mistake is answered by us and in the client's terms.

// encode returns the text of a value that a client gave, or why it is none.
func (v valueType) encode(value any) (string, error) {
	s, ok := plainText(value)
	if v.scalar == schema.JSON {
		b, err := json.Marshal(value)
		s, ok = string(b), err == nil && !strings.Contains(s, `\u0000`)
	}
	if !ok {
		return "", invalid(fmt.Sprintf("a %s cannot be %s", v.name(), describe(value)), "")
	}
	if strings.ContainsRune(s, 0) {
		return "", invalid("text cannot hold the character U+0000", "leave it out")
	}
	text, hint := v.canonical(s)
	if hint != "" {
		return "", invalid(fmt.Sprintf("%s is no %s", quote(s), v.name()), hint)
	}
	return text, nil
}

// canonical returns s as Postgres takes it, or a hint at what to write instead.
func (v valueType) canonical(s string) (text, hint string) {
	if v.enum != nil {
		if !v.enum.Has(s) {
			return "", "use one of the enum's values"
		}
		return s, ""
	}
	var err error
	switch v.scalar {
	case schema.ID:
		return v.canonicalID(s)
	case schema.Int:
		_, err = strconv.ParseInt(s, 10, 32)
		hint = "write a whole number of 32 bits"
	case schema.Int64:
		_, err = strconv.ParseInt(s, 10, 64)
		hint = "write a whole number of 64 bits, as a string beyond 2^53"
	case schema.Float:
		var f float64
		if f, err = strconv.ParseFloat(s, 64); err == nil && (math.IsInf(f, 0) || math.IsNaN(f)) {
			err = strconv.ErrRange
		}
		hint = "write a finite number"
	case schema.Decimal:
		if !decimal.MatchString(s) || len(s) > 1000 {
			err = strconv.ErrSyntax
		}
		hint = `write a decimal number: "12.50"`
	case schema.Boolean:
		_, err = strconv.ParseBool(s)
		hint = "write true or false"
	case schema.Date:
		_, err = time.Parse(time.DateOnly, s)
		hint = "write a date as 2026-01-31"
	case schema.DateTime:
		_, err = time.Parse(time.RFC3339Nano, s)
		hint = "write a time as 2026-01-31T12:00:00Z"
	case schema.Duration:
		if !duration.MatchString(s) || strings.HasSuffix(s, "P") || strings.HasSuffix(s, "T") {
			err = strconv.ErrSyntax
		}
		hint = "write a duration as ISO 8601 does: PT1H30M"
	case schema.Bytes:
		var raw []byte
		raw, err = base64.StdEncoding.DecodeString(s)
		s, hint = fmt.Sprintf(`\x%x`, raw), "write bytes in base64"
	}
	if err != nil {
		return "", hint
	}
	return s, ""
}

var (
	decimal  = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$`)
	duration = regexp.MustCompile(`^-?P(-?\d{1,9}Y)?(-?\d{1,9}M)?(-?\d{1,9}W)?(-?\d{1,9}D)?(T(-?\d{1,9}H)?(-?\d{1,9}M)?(-?\d{1,9}(\.\d{1,9})?S)?)?$`)
)

func (v valueType) canonicalID(s string) (text, hint string) {
	switch {
	case v.dataType == "" || v.dataType == "uuid":
		id, err := uuid.Parse(s)
		if err != nil {
			return "", "write a UUID"
		}
		return id.String(), ""
	case isInteger(v.dataType):
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return "", "write a whole number"
		}
		return strconv.FormatInt(n, 10), ""
	}
	return s, ""
}

func isInteger(dataType string) bool {
	switch dataType {
	case "bigint", "int8", "integer", "int", "int4", "bigserial", "serial":
		return true
	}
	return false
}

// column returns the text of a value that a column takes.
func (v valueType) column(value any) (string, error) {
	switch {
	case v.scalar == schema.Vector:
		text, err := json.Marshal(asList(value))
		return string(text), err
	case !v.list:
		return v.encode(value)
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, item := range asList(value) {
		if i > 0 {
			b.WriteByte(',')
		}
		if item == nil {
			b.WriteString("NULL") // where it may be, the API's types say
			continue
		}
		s, err := v.encode(item)
		if err != nil {
			return "", err
		}
		b.WriteString(`"` + arrayEscaper.Replace(s) + `"`)
	}
	b.WriteByte('}')
	return b.String(), nil
}

// encodeList returns a Postgres array of the values.
func (v valueType) encodeList(value any) (string, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, item := range asList(value) {
		if i > 0 {
			b.WriteByte(',')
		}
		if item == nil {
			return "", invalid("a list of values cannot hold null", "use isNull: true to look for null")
		}
		s, err := v.encode(item)
		if err != nil {
			return "", err
		}
		b.WriteString(`"` + arrayEscaper.Replace(s) + `"`)
	}
	b.WriteByte('}')
	return b.String(), nil
}

var arrayEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// plainText returns the text of a scalar as JSON or gqlparser gave it.
func plainText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}

func describe(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "this"
}

// quote shows a value of a client in an error, cut to a readable length.
func quote(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		s = string(runes[:40]) + "…"
	}
	return strconv.Quote(s)
}
