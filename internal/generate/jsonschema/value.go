package jsonschema

import (
	"encoding/json"

	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// scalars are the JSON forms of the scalars.
var scalars = map[schema.Scalar]object{
	schema.ID:       {{"type", "string"}, {"format", "uuid"}, {"pattern", scalar.UUIDPattern}},
	schema.String:   {{"type", "string"}, {"allOf", []any{pattern(`^[^\x00]*$`)}}},
	schema.Int:      {{"type", "integer"}, {"minimum", -1 << 31}, {"maximum", 1<<31 - 1}},
	schema.Int64:    {{"type", "string"}, {"pattern", scalar.Int64Pattern}, {"allOf", []any{pattern(atLeast("-9223372036854775808")), pattern(atMost("9223372036854775807"))}}},
	schema.Float:    {{"type", "number"}},
	schema.Decimal:  {{"type", "string"}, {"pattern", scalar.DecimalPattern}},
	schema.Boolean:  {{"type", "boolean"}},
	schema.Date:     {{"type", "string"}, {"format", "date"}, {"pattern", scalar.DatePattern}},
	schema.DateTime: {{"type", "string"}, {"format", "date-time"}, {"pattern", scalar.DateTimePattern}},
	schema.Duration: {{"type", "string"}, {"pattern", scalar.DurationPattern}, {"allOf", []any{pattern(scalar.DurationEnd)}}},
	schema.JSON:     {{"not", object{{"type", "null"}}}},
	schema.Bytes:    {{"type", "string"}, {"contentEncoding", "base64"}, {"pattern", scalar.Base64Pattern}},
	schema.Vector:   {{"type", "array"}, {"items", object{{"type", "number"}}}},
}

func pattern(regexp string) object { return object{{"pattern", regexp}} }

// value returns the schema of a field's value.
func value(f shape.Field) (object, error) {
	element, err := element(f)
	if err != nil {
		return nil, err
	}
	if !f.List() {
		return nullable(element, f.Nullable), nil
	}
	list := object{{"type", "array"}, {"items", nullable(element, f.NullableElements())}}
	if l := f.Constraints().Length; l != nil {
		list = list.with("minItems", l.Min).with("maxItems", l.Max)
	}
	return nullable(list, f.Nullable), nil
}

// element returns the schema of the value, or of an element of a list.
func element(f shape.Field) (object, error) {
	if e := f.Enum(); e != nil {
		return object{{"$ref", "#/$defs/" + e.Name}}, nil
	}
	kind := f.Scalar()
	switch {
	case f.Whole():
		kind = schema.Int64
	case kind == schema.ID && !f.UUID():
		kind = schema.String
	}
	base := append(object{}, scalars[kind]...)
	var all []any
	c := f.Constraints()
	if l := c.Length; l != nil && !f.List() {
		if f.Scalar() == schema.Bytes {
			base, all = octets(base, *l)
		} else {
			base = base.with("minLength", l.Min).with("maxLength", l.Max)
		}
	}
	patterns, err := f.Patterns()
	if err != nil {
		return nil, err
	}
	if kind == schema.String && len(patterns) == 1 {
		base = base.with("pattern", patterns[0].Regexp)
	} else {
		for _, p := range patterns {
			all = append(all, pattern(p.Regexp))
		}
	}
	if n := f.Dimensions(); n > 0 {
		base = append(base, member{"minItems", n}, member{"maxItems", n})
	}
	base, bounds := bounded(base, kind, c.Range)
	return conjunction(base, append(all, bounds...)), nil
}

// conjunction adds schemas that must hold as well.
func conjunction(base object, all []any) object {
	if len(all) == 0 {
		return base
	}
	for i, m := range base {
		if m.name == "allOf" {
			base[i].value = append(append([]any{}, m.value.([]any)...), all...)
			return base
		}
	}
	return append(base, member{"allOf", all})
}

// bounded adds the limits of @range: as minimum and maximum of a number, and as patterns for numbers and times in strings.
func bounded(base object, scalar schema.Scalar, r *schema.Range) (out object, all []any) {
	if r == nil {
		return base, nil
	}
	low, high := atLeast, atMost
	minimum, maximum := r.Min, r.Max
	switch scalar {
	case schema.Int, schema.Float:
		for i := range base {
			if base[i].name == "minimum" && minimum != "" {
				base[i].value, minimum = json.Number(minimum), ""
			} else if base[i].name == "maximum" && maximum != "" {
				base[i].value, maximum = json.Number(maximum), ""
			}
		}
		if minimum != "" {
			base = append(base, member{"minimum", json.Number(minimum)})
		}
		if maximum != "" {
			base = append(base, member{"maximum", json.Number(maximum)})
		}
		return base, nil
	case schema.Date:
		low, high = timeAtLeast, timeAtMost
	case schema.DateTime:
		low, high = timeAtLeast, timeAtMost
		minimum, maximum = inUTC(minimum), inUTC(maximum)
	}
	if minimum != "" {
		all = append(all, pattern(low(minimum)))
	}
	if maximum != "" {
		all = append(all, pattern(high(maximum)))
	}
	return base, all
}

// octets limits the number of bytes in a base64 string: four characters are three bytes, less one for each = at the end.
func octets(base object, l schema.Length) (out object, all []any) {
	characters := func(bytes int) (n, padding int) { n = (bytes + 2) / 3; return 4 * n, 3*n - bytes }
	atMostPadding := []string{`[^=]$`, `[^=]=?$`, ``}
	atLeastPadding := []string{``, `=$`, `==$`}
	if l.Min != nil {
		n, padding := characters(*l.Min)
		base = append(base, member{"minLength", n})
		if p := atMostPadding[padding]; p != "" && n > 0 {
			all = append(all, object{{"if", object{{"maxLength", n}}}, {"then", pattern(p)}})
		}
	}
	if l.Max != nil {
		n, padding := characters(*l.Max)
		base = append(base, member{"maxLength", n})
		if p := atLeastPadding[padding]; p != "" {
			all = append(all, object{{"if", object{{"minLength", n}}}, {"then", pattern(p)}})
		}
	}
	return base, all
}

// nullable allows a value to be null.
func nullable(o object, null bool) object {
	if !null {
		return o
	}
	if len(o) == 1 && o[0].name == "not" { // any value
		return object{}
	}
	if o[0].name != "type" {
		return object{{"anyOf", []any{o, object{{"type", "null"}}}}}
	}
	out := append(object{}, o...)
	out[0].value = []any{o[0].value, "null"}
	return out
}
