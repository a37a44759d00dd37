package graph

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// Values are bound as text, which Postgres reads as the type of the column beside them. They are checked
// here first, so that a client's mistake is answered by us and in the client's terms.

// encode returns the text of a client's value, or why the value is not valid.
func (v valueType) encode(value any) (string, error) {
	s, ok := plainText(value)
	if v.scalar == schema.JSON {
		b, err := json.Marshal(value)
		s, ok = string(b), err == nil
	}
	if !ok {
		return "", invalid(fmt.Sprintf("a %s cannot be %s", v.name(), describe(value)), "")
	}
	if strings.ContainsRune(s, 0) {
		return "", invalid("text cannot hold the character U+0000", "leave it out")
	}
	text, hint := v.canonical(s)
	if hint != "" {
		return "", invalid(fmt.Sprintf("%s is not a valid %s", quote(s), v.name()), hint)
	}
	return text, nil
}

// canonical returns s as Postgres takes it, or a hint at what to write instead.
func (v valueType) canonical(s string) (text, hint string) {
	if v.enum != nil {
		if !v.enum.Has(s) {
			return "", "use one of the enum's values"
		}
		return v.enum.Label(s), ""
	}
	t := scalar.Of(v.scalar, v.dataType)
	canonical, ok := t.Canonical(s)
	if !ok {
		return "", t.Write
	}
	return t.ToPostgres(canonical), ""
}

// column returns the text of a value that a column takes.
func (v valueType) column(value any) (string, error) {
	switch {
	case v.scalar == schema.Vector:
		text, err := json.Marshal(asList(value))
		if err != nil {
			return "", err
		}
		return v.encode(string(text))
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
