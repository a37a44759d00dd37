package seed

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
	"github.com/krowoc/krowoc/internal/seed/node"
)

// arrayText returns a Postgres array literal. A nil element is NULL.
func arrayText(elements []*string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range elements {
		if i > 0 {
			b.WriteByte(',')
		}
		if e == nil {
			b.WriteString("NULL")
			continue
		}
		b.WriteByte('"')
		for _, c := range []byte(*e) {
			if c == '"' || c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// vectorText returns a pgvector literal from a list of numbers.
func vectorText(n *yaml.Node) (string, *problem) {
	const remedy = "write a list of numbers: [0.1, 0.2, 0.3]"
	if n.Kind != yaml.SequenceNode {
		return "", wrong("wrong-type", remedy, "a Vector is a list of numbers, found %s", node.Describe(n))
	}
	numbers := make([]string, len(n.Content))
	for i, item := range n.Content {
		item = node.Resolve(item)
		plain, better := inDecimal(item.Value)
		number, err := strconv.ParseFloat(plain, 32)
		if err != nil || item.Kind != yaml.ScalarNode {
			p := wrong("wrong-type", cmp.Or(better, remedy), "a Vector holds numbers, found %s", node.Describe(item))
			p.node = item
			return "", p
		}
		numbers[i] = strconv.FormatFloat(number, 'g', -1, 32)
	}
	return "[" + strings.Join(numbers, ",") + "]", nil
}

// The limits of a JSON value. With aliases, a short file can stand for an infinite value.
const (
	maxJSONDepth = 200
	maxJSONBytes = 16 << 20
)

// jsonText converts YAML to JSON. It keeps the order of keys and the digits of numbers.
func jsonText(n *yaml.Node) (string, *problem) {
	var w jsonWriter
	p := w.value(n, 0)
	return w.String(), p
}

type jsonWriter struct{ strings.Builder }

func (w *jsonWriter) value(n *yaml.Node, depth int) *problem {
	n = node.Resolve(n)
	if depth > maxJSONDepth || w.Len() > maxJSONBytes {
		return wrong("too-large", "check that no alias contains itself", "this value is nested too deep or is too large for JSON")
	}
	switch n.Kind {
	case yaml.MappingNode:
		return w.object(n, depth)
	case yaml.SequenceNode:
		w.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				w.WriteByte(',')
			}
			if p := w.value(item, depth+1); p != nil {
				return p
			}
		}
		w.WriteByte(']')
		return nil
	}
	return w.scalar(n)
}

func (w *jsonWriter) object(n *yaml.Node, depth int) *problem {
	seen := map[string]bool{}
	w.WriteByte('{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := node.Resolve(n.Content[i])
		if key.Kind != yaml.ScalarNode || key.ShortTag() == node.MergeTag || seen[key.Value] {
			p := wrong("wrong-shape", "", "a key of JSON is a text, given once, found %s", node.Describe(key))
			p.node = key
			return p
		}
		seen[key.Value] = true
		if i > 0 {
			w.WriteByte(',')
		}
		if p := w.text(key); p != nil {
			return p
		}
		w.WriteByte(':')
		if p := w.value(n.Content[i+1], depth+1); p != nil {
			return p
		}
	}
	w.WriteByte('}')
	return nil
}

func (w *jsonWriter) scalar(n *yaml.Node) *problem {
	switch n.ShortTag() {
	case "!!null":
		w.WriteString("null")
	case "!!bool":
		w.WriteString(strings.ToLower(n.Value))
	default:
		if !node.IsNumber(n) {
			return w.text(n)
		}
		number, remedy := jsonNumber(n.Value)
		if number == "" {
			return &problem{code: "wrong-type", node: n, message: "JSON has no number " + node.Clip(n.Value), remedy: strings.TrimPrefix(remedy+"; or quote it, if it is a text", "; or ")}
		}
		w.WriteString(number)
	}
	return nil
}

// jsonNumber returns the number unchanged if it is valid JSON, and otherwise in JSON's format.
func jsonNumber(text string) (number, remedy string) {
	plain, _, remedy := node.Number(text)
	canonical, ok := scalar.Of(schema.Decimal, "").Canonical(plain)
	switch {
	case !ok:
		return "", remedy
	case json.Valid([]byte(plain)):
		return plain, ""
	}
	return canonical, ""
}

func (w *jsonWriter) text(n *yaml.Node) *problem {
	if strings.ContainsRune(n.Value, 0) {
		return &problem{code: "wrong-type", node: n, message: "Postgres cannot store a NUL character in JSON", remedy: "remove it"}
	}
	text, err := json.Marshal(n.Value)
	if err != nil {
		return &problem{code: "wrong-type", node: n, message: err.Error()}
	}
	w.Write(text)
	return nil
}
