package introspect

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// writer collects a schema, and notes where the parts are that could be in SQL.
type writer struct {
	text         strings.Builder
	line, column int
	marks        []place
}

// add writes text that has no line ends.
func (w *writer) add(text string) {
	w.text.WriteString(text)
	w.column += utf8.RuneCountInString(text)
}

func (w *writer) end() {
	w.text.WriteByte('\n')
	w.line, w.column = w.line+1, 0
}

// directives writes directives, each after a space.
func (w *writer) directives(list []directive) {
	for _, d := range list {
		from := w.column + 1
		w.add(" " + d.text)
		if d.key != "" {
			w.marks = append(w.marks, place{w.line, from, w.column + 1, d.key})
		}
	}
}

// described writes a comment of the database as a description.
func (w *writer) described(comment, indent string) {
	if comment != "" {
		w.add(indent + sdl.Quote(comment))
		w.end()
	}
}

// write writes the whole schema.
func (m *importer) write(w *writer) {
	for _, e := range m.enums {
		w.described(e.Comment, "")
		w.add("enum " + e.name)
		if schema.SnakeCase(e.name) != e.Name {
			w.add(" @enum(name: " + sdl.Quote(e.Name) + ")")
		}
		w.add(" {")
		w.end()
		for i, name := range e.values {
			w.add("  " + name)
			if label := e.Values[i]; label != name {
				w.add(" @value(name: " + sdl.Quote(label) + ")")
			}
			w.end()
		}
		w.add("}")
		w.end()
	}
	for _, t := range m.tables {
		w.described(t.Comment, "")
		w.add("type " + t.name)
		w.directives(append([]directive{t.stored()}, t.directives...))
		w.add(" {")
		w.end()
		for _, f := range t.fields {
			w.described(f.description, "  ")
			w.add(fmt.Sprintf("  %s: %s", f.name, f.typ()))
			w.directives(f.written())
			w.end()
		}
		w.add("}")
		w.end()
	}
}

// typ writes the type of a field.
func (f *field) typ() string {
	text := f.scalar
	if f.list {
		text = "[" + text + mark(f.elements) + "]"
	}
	return text + mark(f.required)
}

// mark is what follows a type that cannot be null.
func mark(required bool) string {
	if required {
		return "!"
	}
	return ""
}

// written writes the directives of a field.
func (f *field) written() []directive {
	var args []string
	if f.column != nil && f.column.Name != f.usual {
		args = append(args, "name: "+sdl.Quote(f.column.Name))
	}
	if f.dataType != "" {
		args = append(args, "dataType: "+sdl.Quote(f.dataType))
	}
	var out []directive
	if len(args) > 0 {
		out = append(out, directive{text: "@col(" + strings.Join(args, ", ") + ")"})
	}
	if f.unique {
		out = append(out, directive{text: "@unique"})
	}
	return append(out, f.directives...)
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = sdl.Quote(n)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
