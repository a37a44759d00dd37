package jsonschema

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// written is a value that is encoded once for all files that contain it, always at the same depth.
type written func() []byte

// definition encodes a value at the depth of definitions: {"$defs": {"Name": here}}.
func definition(o object) written {
	return sync.OnceValue(func() []byte { return appendValue(nil, o, 2) })
}

// with returns o with an additional member, unless the value is empty.
func (o object) with(name string, value any) object {
	switch v := value.(type) {
	case nil:
		return o
	case string:
		if v == "" {
			return o
		}
	case []any:
		if len(v) == 0 {
			return o
		}
	case object:
		if len(v) == 0 {
			return o
		}
	case *int:
		if v == nil {
			return o
		}
	}
	return append(o, member{name, value})
}

// file encodes a document with indentation.
func (o object) file() []byte {
	size := 1 << 10
	for _, m := range o {
		if definitions, ok := m.value.(object); ok {
			for _, d := range definitions {
				if text, ok := d.value.(written); ok {
					size += len(d.name) + len(text()) + 16
				}
			}
		}
	}
	return append(appendValue(make([]byte, 0, size), o, 0), '\n')
}

// appendValue encodes a value as json.Indent does at a depth.
func appendValue(b []byte, value any, depth int) []byte {
	switch v := value.(type) {
	case written:
		return append(b, v()...)
	case string:
		return appendString(b, v)
	case object:
		return appendList(b, '{', '}', len(v), depth, func(b []byte, i int) []byte {
			b = append(appendString(b, v[i].name), ": "...)
			return appendValue(b, v[i].value, depth+1)
		})
	case []any:
		return appendList(b, '[', ']', len(v), depth, func(b []byte, i int) []byte { return appendValue(b, v[i], depth+1) })
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // numbers and booleans have no errors
	}
	return append(b, bytes.TrimRight(text.Bytes(), "\n")...)
}

func appendList(b []byte, open, end byte, n, depth int, item func(b []byte, i int) []byte) []byte {
	b = append(b, open)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(appendLine(b, depth+1), i)
	}
	if n > 0 {
		b = appendLine(b, depth)
	}
	return append(b, end)
}

func appendLine(b []byte, depth int) []byte {
	b = append(b, '\n')
	for range depth {
		b = append(b, "  "...)
	}
	return b
}

// appendString encodes a string without escaping HTML.
func appendString(b []byte, s string) []byte {
	plain := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r >= 0x7f }) < 0
	if plain {
		return append(append(append(b, '"'), s...), '"')
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string has no errors
	return append(b, bytes.TrimRight(text.Bytes(), "\n")...)
}
