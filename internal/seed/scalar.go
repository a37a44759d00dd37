package seed

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
)

// text returns the value of a field as Postgres reads it. The node is not null.
func (f *field) text(n *yaml.Node) (string, *problem) {
	if !f.Type.List {
		return f.element(n)
	}
	if n.Kind != yaml.SequenceNode {
		return "", wrong("wrong-type", "write it in brackets: ["+clip(n.Value)+"]", "%s.%s is a list (%s), found %s", f.Owner.Name, f.Name, f.Type, describe(n))
	}
	elements := make([]*string, len(n.Content))
	for i, item := range n.Content {
		item = resolve(item)
		if isNull(item) {
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

// element returns one value, or one element of a list, and sees that it keeps the constraints.
func (f *field) element(n *yaml.Node) (string, *problem) {
	text, p := elementText(f.Field, n)
	if p == nil {
		p = f.check(n, text)
	}
	return text, p
}

// elementText returns one value as Postgres reads it.
func elementText(f *schema.Field, n *yaml.Node) (string, *problem) {
	switch {
	case f.Type.Enum != nil:
		return enumText(f.Type.Enum, n)
	case f.Type.Object != nil, f.Type.Scalar == schema.JSON:
		return jsonText(n)
	case f.Type.Scalar == schema.Vector:
		return vectorText(n)
	case n.Kind != yaml.ScalarNode:
		return "", wrong("wrong-type", "", "%s.%s is %s, found %s", f.Owner.Name, f.Name, f.Type.Name(), describe(n))
	}
	text, remedy := scalarText(f, n)
	if remedy != "" {
		return "", wrong("wrong-type", remedy, "%s.%s is %s, found %s", f.Owner.Name, f.Name, f.Type.Name(), describe(n))
	}
	return text, nil
}

func enumText(e *schema.Enum, n *yaml.Node) (string, *problem) {
	if n.Kind == yaml.ScalarNode && e.Has(n.Value) {
		return n.Value, nil
	}
	names := make([]string, len(e.Values))
	for i, v := range e.Values {
		names[i] = v.Name
	}
	if n.Kind != yaml.ScalarNode {
		return "", wrong("unknown-value", didYouMean("", names), "a value of %s is expected, found %s", e.Name, describe(n))
	}
	return "", wrong("unknown-value", didYouMean(n.Value, names), "%s has no value %q", e.Name, clip(n.Value))
}

// scalarText converts a YAML scalar, from its text as written wherever digits count. A remedy is returned
// when it does not fit, and says what would.
func scalarText(f *schema.Field, n *yaml.Node) (text, remedy string) {
	v, tag := n.Value, n.ShortTag()
	isText := tag == "!!str"
	switch f.Type.Scalar {
	case schema.ID:
		return idText(f, v, isText || tag == "!!int")
	case schema.String:
		if !isText {
			return "", "quote it: " + strconv.Quote(clip(v))
		}
		if strings.ContainsRune(v, 0) {
			return "", "Postgres stores no NUL character in a text: remove it"
		}
		return v, ""
	case schema.Int:
		return intText(v, 32, tag == "!!int", "write a whole number from -2147483648 to 2147483647")
	case schema.Int64:
		return intText(v, 64, isText || tag == "!!int", "write a whole number from -2^63 to 2^63-1")
	case schema.Float:
		number, err := strconv.ParseFloat(strings.ReplaceAll(v, "_", ""), 64)
		if err != nil || tag != "!!int" && tag != "!!float" || math.IsInf(number, 0) || math.IsNaN(number) {
			return "", "write a number such as 0.25 or 1e-3"
		}
		return strings.ReplaceAll(v, "_", ""), ""
	case schema.Decimal:
		digits := strings.ReplaceAll(v, "_", "")
		if !decimal.MatchString(digits) {
			return "", "write a number such as 12.50; every digit is kept"
		}
		return digits, ""
	case schema.Boolean:
		if tag != "!!bool" {
			return "", "write true or false"
		}
		return strings.ToLower(v), ""
	case schema.Date:
		if _, err := time.Parse(time.DateOnly, v); err != nil {
			return "", "write a date such as 2026-01-31"
		}
		return v, ""
	case schema.DateTime:
		t, ok := parseTime(v)
		if !ok {
			return "", "write a time such as 2026-01-31T09:30:00Z (RFC 3339)"
		}
		return t.Format(time.RFC3339Nano), ""
	case schema.Duration:
		if !isText || !duration.MatchString(v) {
			return "", "write a duration such as PT1H30M (ISO 8601) or 1 hour 30 minutes"
		}
		return v, ""
	case schema.Bytes:
		return bytesText(v)
	}
	return "", "the type " + string(f.Type.Scalar) + " cannot be given in a fixture"
}

// decimal is a number in digits; the exponent is short, so that nobody writes a gigabyte of zeros in six
// characters.
var decimal = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)

// duration lets through what may be an interval, of ISO 8601 or of Postgres, and leaves the rest to Postgres.
var duration = regexp.MustCompile(`^(P[0-9.YMWDTHS+-]+|[+-]?[0-9][0-9a-zA-Z .:,+-]*)$`)

func idText(f *schema.Field, v string, fits bool) (text, remedy string) {
	if f.DataType == "" || strings.EqualFold(f.DataType, "uuid") {
		id, err := uuid.Parse(v)
		if err != nil {
			return "", "write a UUID, or leave the field out: a row with a name has an id made from it"
		}
		return id.String(), ""
	}
	if !fits || v == "" {
		return "", "write a text or a whole number"
	}
	return v, ""
}

func intText(v string, bits int, fits bool, remedy string) (string, string) {
	number, err := strconv.ParseInt(v, 0, bits) // base 0 reads 0x1F, 0o17 and 1_000 too
	if err != nil || !fits {
		return "", remedy
	}
	return strconv.FormatInt(number, 10), ""
}

// parseTime reads RFC 3339 and the timestamps of YAML 1.1; a time without a zone is UTC.
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

// bytesText turns base64, wrapped or not, into bytea's hex form.
func bytesText(v string) (text, remedy string) {
	v = strings.Join(strings.Fields(v), "")
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(v); err == nil {
			return `\x` + hex.EncodeToString(raw), ""
		}
	}
	return "", "write the bytes in base64"
}
