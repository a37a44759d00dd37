package typescript

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

// value returns the schema of a value that is present and not null.
func (w *writer) value(f shape.Field) (node, error) {
	element, err := w.element(f)
	if err != nil || !f.List() {
		return element, err
	}
	if f.NullableElements() {
		element = text(element.flat() + ".nullable()")
	}
	args := []node{element}
	if o := limits(f.Constraints().Length); o != nil {
		args = append(args, o)
	}
	return call{name: "$list", args: args}, nil
}

// element returns the schema of the value, or of an element of a list.
func (w *writer) element(f shape.Field) (node, error) {
	if e := f.Enum(); e != nil {
		return text(w.names[e] + "Schema"), nil
	}
	if id := w.ids[f.Leaf.Owner]; id != "" && f.Leaf.Owner.Key[0] == f.Leaf {
		return text(id + "Schema"), nil
	}
	return w.plain(f)
}

// functions maps scalars to the functions that create their schemas.
var functions = map[schema.Scalar]string{
	schema.ID: "$uuid", schema.String: "$text", schema.Int: "$int", schema.Int64: "$int64", schema.Float: "$float", schema.Decimal: "$decimal",
	schema.Boolean: "z.boolean", schema.Date: "$date", schema.DateTime: "$dateTime", schema.Duration: "$duration", schema.JSON: "$json",
	schema.Bytes: "$bytes", schema.Vector: "$vector",
}

// plain returns the schema of a scalar.
func (w *writer) plain(f shape.Field) (call, error) {
	c := f.Constraints()
	var o object
	if !f.List() {
		o = limits(c.Length)
	}
	o = append(o, bounds(f.Scalar(), c.Range)...)
	patterns, err := f.Patterns()
	if err != nil {
		return call{}, err
	}
	var list list
	for _, p := range patterns {
		message := "must match the pattern " + c.Pattern
		if p.Of != "" {
			message = "must be a valid " + p.Of
		}
		list = append(list, pair(p.Regexp, message))
	}
	if list != nil {
		o = append(o, property{"patterns", list})
	}
	var args []node
	if n := f.Dimensions(); n > 0 {
		args = append(args, text(strconv.Itoa(n)))
	}
	if o != nil {
		args = append(args, o)
	}
	name := functions[f.Scalar()]
	switch {
	case f.Whole():
		name = functions[schema.Int64]
	case f.Scalar() == schema.ID && !f.UUID():
		name = functions[schema.String]
	}
	return call{name: name, args: args}, nil
}

func pair(pattern, message string) node {
	return list{text(regexpLiteral(pattern)), text(quote(message))}
}

// regexpLiteral writes a pattern between slashes.
func regexpLiteral(pattern string) string {
	var b strings.Builder
	escaped, class := false, false
	for _, r := range pattern {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '[':
			class = true
		case r == ']':
			class = false
		case r == '/' && !class:
			b.WriteByte('\\')
		case r == '\u2028' || r == '\u2029':
			b.WriteString(`\u` + strconv.FormatInt(int64(r), 16))
			continue
		}
		b.WriteRune(r)
	}
	return "/" + b.String() + "/u"
}

// quote writes a string as prettier does, with the quotes that require fewer escapes.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string
	q := strings.TrimSuffix(b.String(), "\n")
	if strings.Count(s, `"`) > strings.Count(s, `'`) {
		inner := strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
		return "'" + strings.ReplaceAll(inner, "'", `\'`) + "'"
	}
	return q
}

func limits(l *schema.Length) object {
	if l == nil {
		return nil
	}
	var o object
	if l.Min != nil {
		o = append(o, property{"min", text(strconv.Itoa(*l.Min))})
	}
	if l.Max != nil {
		o = append(o, property{"max", text(strconv.Itoa(*l.Max))})
	}
	return o
}

func bounds(scalar schema.Scalar, r *schema.Range) object {
	if r == nil {
		return nil
	}
	names, write := [2]string{"from", "to"}, func(bound string) node { return text(quote(bound)) }
	if scalar == schema.Int || scalar == schema.Float {
		names, write = [2]string{"min", "max"}, func(bound string) node { return text(bound) }
	}
	var o object
	for i, bound := range []string{r.Min, r.Max} {
		if bound != "" {
			o = append(o, property{names[i], write(bound)})
		}
	}
	return o
}
