// Package typescript writes TypeScript types with Zod 4 schemas (https://zod.dev): for each stored type a row, a create and a patch.
package typescript

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

// Target returns the target for TypeScript.
func Target() generate.Target {
	return generate.Target{Name: "typescript", Out: "web/src/models.ts", Doc: "TypeScript types and Zod 4 schemas for rows, creates and patches", Files: files}
}

//go:embed runtime.ts
var runtime string

// writer writes the file.
type writer struct {
	strings.Builder
	scope map[string]bool
	names map[any]string // of types and enums
	ids   map[*schema.Type]string
}

// reserved are the reserved words, and the names that the file declares itself.
var reserved = strings.Fields(`break case catch class const continue debugger default delete do else enum export extends false finally for
	function if import in instanceof new null return super switch this throw true try typeof var void while with implements interface let package
	private protected public static yield await async arguments eval undefined NaN Infinity any unknown never object string number boolean symbol bigint
	Array BigInt Date Number Object Partial RegExp String Int64 Decimal LocalDate DateTime Duration Bytes z`)

func files(in generate.Input) ([]generate.File, error) {
	w := &writer{scope: map[string]bool{}, names: map[any]string{}, ids: map[*schema.Type]string{}}
	for _, name := range reserved {
		w.scope[name] = true
	}
	shapes := shape.Of(in.Schema)
	for _, e := range in.Schema.Enums {
		w.names[e] = w.take(e.Name, "", "Schema")
	}
	for _, s := range shapes {
		w.names[s.Type] = w.take(s.Name, "", "Schema", "Create", "CreateSchema", "Patch", "PatchSchema")
	}
	for _, s := range shapes {
		if len(s.Key) == 1 && s.Key[0].Relation == nil {
			w.ids[s.Type] = w.take(w.names[s.Type]+"Id", "", "Schema")
		}
	}
	for _, e := range in.Schema.Enums {
		w.enum(e)
	}
	for _, s := range shapes {
		w.id(s)
	}
	for _, s := range shapes {
		if err := w.shapes(s); err != nil {
			return nil, err
		}
	}
	prelude := pruned(runtime+checkRuntime, w.String())
	return []generate.File{{Content: []byte(prelude + w.String()), Prelude: len(prelude)}}, nil
}

// take returns a name that is unused with all suffixes.
func (w *writer) take(name string, suffixes ...string) string {
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

// doc writes a comment.
func (w *writer) doc(indent, text string) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "*/", `*\/`))
	if text == "" {
		return
	}
	lines := strings.Split(text, "\n")
	if len(lines) == 1 {
		w.line("%s/** %s */", indent, lines[0])
		return
	}
	w.line("%s/**", indent)
	for _, line := range lines {
		w.line("%s", strings.TrimRight(indent+" * "+line, " \t\r"))
	}
	w.line("%s */", indent)
}

func (w *writer) enum(e *schema.Enum) {
	name := w.names[e]
	w.line("")
	w.doc("", e.Description)
	w.line("export const %s = {", name)
	for _, v := range e.Values {
		w.doc("  ", shape.Documented(v.Description, v.Deprecated, "@deprecated "))
		w.line("  %s: %q,", v.Name, v.Name)
	}
	w.line("} as const;")
	value := fmt.Sprintf("(typeof %[1]s)[keyof typeof %[1]s];", name)
	if len("export type  = "+name+value) > width {
		value = "\n  " + value
	} else {
		value = " " + value
	}
	w.line("export type %s =%s", name, value)
	w.declare("export const "+name+"Schema", call{name: "z.enum", args: []node{text(name)}})
}

// made begins a value that a bundler drops if nothing uses it: only a call that is marked as pure has no effects.
const made = "/* @__PURE__ */ $made(() =>"

// declare writes a declaration with a value.
func (w *writer) declare(head string, value node) {
	if one := head + " = " + made + " " + value.flat() + ");"; len([]rune(one)) <= width {
		w.line("%s", one)
		return
	}
	w.line("%s = %s\n  %s,\n);", head, made, fit(value, 2, width-3))
}

// id writes the branded type of a type's key.
func (w *writer) id(s shape.Type) {
	name := w.ids[s.Type]
	if name == "" {
		return
	}
	for _, f := range s.Fields {
		if f.Source != s.Key[0] {
			continue
		}
		value, err := w.plain(f)
		if err != nil {
			return // reported where the field is written
		}
		value.after = ".brand<" + strconv.Quote(name) + ">()"
		w.line("\n/** The key of a %s. */", s.Name)
		w.declare("export const "+name+"Schema", value)
		w.line("export type %s = z.infer<typeof %sSchema>;", name, name)
	}
}

func (w *writer) shapes(s shape.Type) error {
	name := w.names[s.Type]
	w.line("\nconst $%s = %s ({", name, made)
	for _, f := range s.Fields {
		value, err := w.value(f)
		if err != nil {
			return err
		}
		w.line("  %s,", property{f.Name, value}.broken(2, width-2))
	}
	w.line("}));")
	w.shape(s, name, "z.object", s.Description, false, func(f shape.Field) (string, bool) { return nulls(f), true })
	w.shape(s, name+"Create", "z.strictObject", "Input that creates a "+s.Name+".", true, func(f shape.Field) (string, bool) {
		if f.Optional {
			return nulls(f) + ".optional()", f.InCreate()
		}
		return nulls(f), f.InCreate()
	})
	w.shape(s, name+"Patch", "z.strictObject", "Input that changes a "+s.Name+". Absent fields stay unchanged.", false, func(f shape.Field) (string, bool) {
		return nulls(f) + ".optional()", !f.Fixed
	})
	return nil
}

func nulls(f shape.Field) string {
	if f.Nullable {
		return ".nullable()"
	}
	return ""
}

// inherited are the members of Object.prototype, which every object of JavaScript seems to have.
var inherited = map[string]bool{
	"constructor": true, "hasOwnProperty": true, "isPrototypeOf": true, "propertyIsEnumerable": true, "toLocaleString": true, "toString": true,
	"valueOf": true,
}

// shape writes a schema and its type with the fields for which how returns true, each with the suffix that how returns.
func (w *writer) shape(s shape.Type, name, object, description string, create bool, how func(shape.Field) (string, bool)) {
	all := len(check.All(s)) > 0
	w.line("")
	if all {
		w.object("const $"+name+"Shape", s, object, how)
	} else {
		w.doc("", description)
		w.object("export const "+name+"Schema", s, object, how)
	}
	if all {
		w.checks(s, name, create, func(f shape.Field) bool { _, ok := how(f); return ok })
		w.line("")
		w.doc("", description)
		w.declare("export const "+name+"Schema", call{name: "$checked", args: []node{text("$" + name + "Shape"), text("$" + name + "Checks")}})
	}
	w.line("export type %s = z.infer<typeof %sSchema>;", name, name)
}

// object declares the schema of an object.
func (w *writer) object(head string, s shape.Type, object string, how func(shape.Field) (string, bool)) {
	if !slices.ContainsFunc(s.Fields, func(f shape.Field) bool { _, ok := how(f); return ok }) {
		w.declare(head, text(object+"({})"))
		return
	}
	own := slices.ContainsFunc(s.Fields, func(f shape.Field) bool { return inherited[f.Name] })
	pad := "  "
	w.line("%s = %s", head, made)
	if own {
		w.line("  $own(")
		pad += "  "
	}
	w.line("%s%s({", pad, object)
	for _, f := range s.Fields {
		if after, ok := how(f); ok {
			w.doc(pad+"  ", shape.Documented(f.Description, f.Deprecated, "@deprecated "))
			w.line("%s  %s: $%s.%s%s,", pad, f.Name, w.names[s.Type], f.Name, strings.ReplaceAll(after, ".nullable().optional()", ".nullish()"))
		}
	}
	w.line("%s}),", pad)
	if own {
		w.line("  ),")
	}
	w.line(");")
}
