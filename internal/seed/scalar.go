package seed

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// text returns the value of a field in the text format of Postgres. The node must not be null.
func (f *field) text(n *yaml.Node) (string, *problem) {
	if !f.Type.List {
		return f.element(n)
	}
	if n.Kind != yaml.SequenceNode {
		return "", wrong("wrong-type", "write it in brackets: ["+node.Clip(n.Value)+"]", "%s.%s is a list (%s), found %s", f.Owner.Name, f.Name, f.Type, node.Describe(n))
	}
	elements := make([]*string, len(n.Content))
	for i, item := range n.Content {
		item = node.Resolve(item)
		if node.IsNull(item) {
			if f.Type.ElemNonNull {
				return "", &problem{code: "required", message: "the elements of " + f.Owner.Name + "." + f.Name + " cannot be null", node: item}
			}
			continue
		}
		text, p := f.element(item)
		if p != nil {
			if p.node == nil {
				p.node = item
			}
			return "", p
		}
		elements[i] = &text
	}
	return arrayText(elements), f.checkLength(len(elements), "elements")
}

// element returns one value, or one element of a list, and checks its constraints.
func (f *field) element(n *yaml.Node) (string, *problem) {
	text, p := elementText(f.Field, n)
	if p == nil {
		p = f.check(n, text)
	}
	return text, p
}

// elementText returns one value in the text format of Postgres.
func elementText(f *schema.Field, n *yaml.Node) (string, *problem) {
	switch {
	case f.Type.Enum != nil:
		return enumText(f.Type.Enum, n)
	case f.Type.Object != nil, f.Type.Scalar == schema.JSON:
		return jsonText(n)
	case f.Type.Scalar == schema.Vector:
		return vectorText(n)
	case n.Kind != yaml.ScalarNode:
		return "", wrong("wrong-type", "", "%s.%s is %s, found %s", f.Owner.Name, f.Name, f.Type.Name(), node.Describe(n))
	}
	text, remedy := scalarText(f, n)
	if remedy != "" {
		return "", wrong("wrong-type", remedy, "%s.%s is %s, found %s", f.Owner.Name, f.Name, f.Type.Name(), node.Describe(n))
	}
	return text, nil
}

func enumText(e *schema.Enum, n *yaml.Node) (string, *problem) {
	if n.Kind == yaml.ScalarNode && e.Has(n.Value) {
		return e.Label(n.Value), nil
	}
	names := make([]string, len(e.Values))
	for i, v := range e.Values {
		names[i] = v.Name
	}
	if n.Kind != yaml.ScalarNode {
		return "", wrong("unknown-value", didYouMean("", names), "a value of %s is expected, found %s", e.Name, node.Describe(n))
	}
	return "", wrong("unknown-value", didYouMean(n.Value, names), "%s has no value %q", e.Name, node.Clip(n.Value))
}

// scalarText converts a YAML scalar. If digits matter, it uses the text as written. If the scalar does not fit the type, it returns a
// remedy.
func scalarText(f *schema.Field, n *yaml.Node) (text, remedy string) {
	t := scalar.OfField(f)
	if f.Type.Scalar == schema.String && n.ShortTag() != "!!str" {
		return "", "quote it: " + strconv.Quote(node.Clip(n.Value))
	}
	spelled, fits, remedy := jsonSpelling(t.Name, n)
	canonical, ok := t.Canonical(spelled)
	if !fits || !ok {
		return "", cmp.Or(remedy, t.Write)
	}
	return t.ToPostgres(canonical), ""
}

// jsonSpelling converts the notations of YAML to those of JSON: integers in other bases, grouped digits, True, times of YAML 1.1, and
// base64 on several lines. It returns whether the node's type fits the scalar, and a remedy if there is a better one than the scalar's.
func jsonSpelling(s schema.Scalar, n *yaml.Node) (text string, fits bool, remedy string) {
	v, tag := n.Value, n.ShortTag()
	isText, isNumber := tag == "!!str", tag == "!!int" || tag == "!!float"
	switch s {
	case schema.Int, schema.Int64:
		plain, whole, remedy := node.Number(v)
		return strings.TrimPrefix(plain, "+"), whole && plain != "" && (isNumber || (isText && s == schema.Int64)), remedy
	case schema.Float, schema.Decimal:
		plain, remedy := inDecimal(v)
		return plain, plain != "" && (isNumber || s == schema.Decimal), remedy
	case schema.Boolean:
		return strings.ToLower(v), tag == "!!bool", ""
	case schema.DateTime:
		t, ok := parseTime(v)
		text, inRange := scalar.FormatDateTime(t)
		return text, ok && inRange, ""
	case schema.Duration:
		return v, isText, ""
	case schema.Bytes:
		return standardBase64(v), true, ""
	}
	return v, true, ""
}

// inDecimal returns a number that is written in decimal notation. Other bases are for whole numbers.
func inDecimal(v string) (plain, remedy string) {
	plain, _, remedy = node.Number(v)
	if plain != "" && strings.ContainsAny(v, "xXoObB") {
		return "", "write it in decimal notation: " + plain
	}
	return plain, remedy
}

// parseTime parses RFC 3339 and the timestamps of YAML 1.1. A time without a zone is in UTC.
func parseTime(v string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339Nano,
		"2006-1-2T15:4:5.999999999Z07:00",
		"2006-1-2t15:4:5.999999999Z07:00",
		"2006-1-2 15:4:5.999999999Z07:00",
		"2006-1-2 15:4:5.999999999 Z07:00",
		"2006-1-2T15:4:5.999999999",
		"2006-1-2 15:4:5.999999999",
		time.DateOnly,
	} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// standardBase64 converts any base64 to the form in JSON: of either alphabet, with or without line breaks and padding.
func standardBase64(v string) string {
	v = strings.Join(strings.Fields(v), "")
	v = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(v, "="))
	return v + strings.Repeat("=", (4-len(v)%4)%4)
}
