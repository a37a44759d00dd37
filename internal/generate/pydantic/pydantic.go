// Package pydantic writes Pydantic 2 models (https://docs.pydantic.dev): for each stored type a row, a create and a patch.
package pydantic

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/check"
	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

// Target returns the target for Pydantic.
func Target() generate.Target {
	return generate.Target{Name: "pydantic", Out: "python/models.py", Doc: "Pydantic 2 models for rows, creates and patches", Files: files}
}

//go:embed runtime.py
var runtime string

type writer struct {
	strings.Builder
	scope map[string]bool
	names map[any]string // of types and enums
}

func files(in generate.Input) ([]generate.File, error) {
	w := &writer{scope: map[string]bool{}, names: map[any]string{}}
	for _, name := range strings.Fields(keywords + " annotations") {
		w.scope[name] = true
	}
	shapes := shape.Of(in.Schema)
	for _, e := range in.Schema.Enums {
		w.names[e] = w.take(e.Name, "")
	}
	for _, s := range shapes {
		w.names[s.Type] = w.take(s.Name, "", "Create", "Patch")
	}
	checked := slices.ContainsFunc(shapes, func(s shape.Type) bool { return len(check.All(s)) > 0 })
	if checked {
		imports := strings.NewReplacer("import re as", "import math as _math\nimport re as", "from functools import", "from fractions import Fraction as _Fraction\nfrom functools import")
		w.WriteString(imports.Replace(runtime) + checkRuntime)
	} else {
		w.WriteString(runtime)
	}
	prelude := w.Len()
	for _, e := range in.Schema.Enums {
		w.enum(e)
	}
	for _, s := range shapes {
		if err := w.shapes(s); err != nil {
			return nil, err
		}
	}
	return []generate.File{{Content: []byte(w.String()), Prelude: prelude}}, nil
}

// take returns a name that is unused with all suffixes.
func (w *writer) take(name string, suffixes ...string) string {
	if strings.HasPrefix(name, "_") {
		name = "X" + name // a leading underscore would make it private
	}
	for free := false; !free; {
		free = true
		for _, s := range suffixes {
			if w.scope[name+s] {
				free = false
				name += "_"
				break
			}
		}
	}
	for _, s := range suffixes {
		w.scope[name+s] = true
	}
	return name
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

// doc writes a docstring.
func (w *writer) doc(text string) {
	const indent = "    "
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	text = strings.NewReplacer(`\`, `\\`, `"""`, `\"\"\"`).Replace(text)
	if strings.HasSuffix(text, `"`) {
		text = text[:len(text)-1] + `\"`
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.ReplaceAll(strings.TrimRight(lines[i], " \t\r"), "\t", "    ")
	}
	common := commonIndent(lines[1:]) // Python formatters remove it
	for i := range lines {
		if i > 0 && lines[i] != "" {
			lines[i] = indent + lines[i][common:]
		}
	}
	closing := ""
	if len(lines) > 1 {
		closing = "\n" + indent
	}
	w.line(`%s"""%s%s"""`, indent, strings.Join(lines, "\n"), closing)
}

// commonIndent counts the leading spaces that all nonempty lines have.
func commonIndent(lines []string) int {
	common := -1
	for _, l := range lines {
		if n := len(l) - len(strings.TrimLeft(l, " ")); l != "" && (common < 0 || n < common) {
			common = n
		}
	}
	return max(common, 0)
}

func (w *writer) enum(e *schema.Enum) {
	w.line("\n\nclass %s(_StrEnum):", w.names[e])
	w.doc(e.Description)
	if e.Description != "" {
		w.line("")
	}
	members := &writer{scope: map[string]bool{"mro": true, "name": true, "value": true}}
	for _, name := range strings.Fields(keywords + " " + stringMethods) {
		members.scope[name] = true
	}
	for _, v := range e.Values {
		w.line("    %s = %s", members.take(v.Name, ""), strconv.Quote(v.Name))
		w.doc(shape.Documented(v.Description, v.Deprecated, "Deprecated: "))
	}
}

// member is a field with its name in Python and the alias of its type.
type member struct {
	shape.Field
	name, alias string
}

func (w *writer) shapes(s shape.Type) error {
	members, err := w.members(s)
	if err != nil {
		return err
	}
	name := w.names[s.Type]
	all := func(shape.Field) bool { return true }
	none := func(shape.Field) bool { return false }
	for _, c := range []class{
		{name: name, base: "_Row", description: s.Description, has: all, optional: none},
		{name: name + "Create", base: "_Input", description: "Input that creates a " + s.Name + ".", create: true,
			has: shape.Field.InCreate, optional: func(f shape.Field) bool { return f.Optional }},
		{name: name + "Patch", base: "_Input", description: "Input that changes a " + s.Name + ". Fields that are not set stay unchanged.",
			has: func(f shape.Field) bool { return !f.Fixed }, optional: all},
	} {
		w.class(s, c, slices.DeleteFunc(slices.Clone(members), func(m member) bool { return !c.has(m.Field) }))
	}
	return nil
}

// members writes the aliases of the types of all fields, and returns the fields.
func (w *writer) members(s shape.Type) (list []member, err error) {
	names := &writer{scope: map[string]bool{}}
	for _, n := range strings.Fields(keywords + " " + attributes) {
		names.scope[n] = true
	}
	w.line("\n")
	for _, f := range s.Fields {
		alias := "_" + w.names[s.Type] + "_" + f.Name
		typ, err := w.value(f)
		if err != nil {
			return nil, err
		}
		w.line("%s", typ.assignment(alias))
		list = append(list, member{f, names.take(schema.SnakeCase(f.Name), ""), alias})
	}
	return list, nil
}

// class is one of the classes of a type: a row, or the input that creates or changes one.
type class struct {
	name, base, description string
	create                  bool
	has, optional           func(shape.Field) bool
}

// class writes a class with its members.
func (w *writer) class(s shape.Type, c class, members []member) {
	w.line("\n\nclass %s(%s):", c.name, c.base)
	w.doc(c.description)
	switch {
	case c.description == "" && len(members) == 0:
		w.line("    pass")
	case c.description != "" && len(members) > 0:
		w.line("")
	}
	for _, m := range members {
		w.field(m.Field, m.name, m.alias, c.optional(m.Field))
	}
	w.checks(s, c.name, c.create, func(f shape.Field) string {
		if i := slices.IndexFunc(members, func(m member) bool { return m.Name == f.Name }); i >= 0 {
			return members[i].name
		}
		return ""
	})
}

// field writes a member of a class.
func (w *writer) field(f shape.Field, name, typ string, optional bool) {
	switch {
	case f.Nullable:
		typ += " | None"
	case optional:
		typ = "_NotNull[" + typ + "]"
	}
	var args []string
	if optional {
		args = append(args, "default=None")
	}
	if name != f.Name { // with alias, type checkers would want the name of the schema as the argument
		args = append(args, "validation_alias="+strconv.Quote(f.Name), "serialization_alias="+strconv.Quote(f.Name))
	}
	if f.Deprecated != "" {
		args = append(args, "deprecated="+strconv.Quote(f.Deprecated))
	}
	value := ""
	if len(args) > 0 {
		value = " = _pd.Field(" + strings.Join(args, ", ") + ")"
	}
	line := "    " + name + ": " + typ + value
	if len(line) > width && value != "" {
		inner := "        " + strings.Join(args, ", ")
		if len(inner) > width {
			inner = "        " + strings.Join(args, ",\n        ") + ","
		}
		line = "    " + name + ": " + typ + " = _pd.Field(\n" + inner + "\n    )"
	}
	w.line("%s", line)
	w.doc(f.Description)
}
