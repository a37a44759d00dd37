// Package tsclient writes a TypeScript client for the GraphQL API without dependencies, in which the selection determines the type
// of the result.
package tsclient

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/schema"
)

// Target returns the target. api returns the GraphQL API of a schema.
func Target(api func(*schema.Schema) (*ast.Schema, error)) generate.Target {
	return generate.Target{
		Name: "typescript-client", Out: "web/src/client.ts", Doc: "A typed TypeScript client for the GraphQL API, without dependencies",
		Files: func(in generate.Input) ([]generate.File, error) {
			derived, err := api(in.Schema)
			if err != nil {
				return nil, err
			}
			text, prelude := client(derived)
			return []generate.File{{Content: []byte(text), Prelude: prelude}}, nil
		},
	}
}

//go:embed runtime.ts
var runtime string

const width = 80

type writer struct {
	strings.Builder
	api   *ast.Schema
	names map[string]string // of declarations, by types of the API
}

// taken are the names that the file declares itself, and reserved words.
var taken = strings.Fields(`ErrorCode ApiError KrowocError ClientOptions RequestOptions Select Result Client createClient Error Record Promise Response
	RequestCredentials AbortSignal AsyncGenerator Exclude Omit Object TextDecoderStream Date JSON Array RegExp String Number Partial
	break case catch class const continue debugger default delete do else enum export extends false finally for function if import in
	instanceof new null return super switch this throw true try typeof var void while with implements interface let package private protected
	public static yield await any unknown never object string number boolean symbol bigint undefined`)

func client(api *ast.Schema) (text string, prelude int) {
	w := &writer{api: api, names: map[string]string{}}
	used := map[string]bool{}
	for _, name := range taken {
		used[name] = true
	}
	types := w.ordered()
	for _, d := range types {
		name := d.Name
		for used[name] {
			name += "_"
		}
		used[name] = true
		w.names[d.Name] = name
	}
	w.WriteString(w.runtime())
	prelude = w.Len()
	for _, d := range types {
		switch d.Kind {
		case ast.Enum:
			w.enum(d)
		case ast.InputObject:
			w.input(d)
		}
	}
	w.objects(types)
	w.meta(types)
	w.roots()
	return w.String(), prelude
}

// runtime returns the runtime, without the readers of connections and of events if the API has none.
func (w *writer) runtime() string {
	rest, events, _ := strings.Cut(runtime, eventsHead)
	rest, pages, _ := strings.Cut(rest, pagesHead)
	if w.connections() {
		rest += pagesHead + pages
	}
	if w.api.Subscription != nil {
		rest += eventsHead + events
	}
	return rest
}

// The beginnings of the parts of the runtime that some clients do not need.
const (
	pagesHead  = "\n/** The connections of the API"
	eventsHead = "\n/** Reads the events of a stream"
)

// connections reports whether a query returns rows page by page.
func (w *writer) connections() bool {
	return w.api.Query != nil && slices.ContainsFunc(w.api.Query.Fields, func(f *ast.FieldDefinition) bool {
		of := w.api.Types[f.Type.Name()]
		return of.Fields.ForName("nodes") != nil && of.Fields.ForName("pageInfo") != nil
	})
}

// ordered returns the types of the API sorted by name, without those of GraphQL itself.
func (w *writer) ordered() []*ast.Definition {
	var out []*ast.Definition
	for _, name := range slices.Sorted(maps.Keys(w.api.Types)) {
		if d := w.api.Types[name]; !d.BuiltIn && !strings.HasPrefix(name, "__") && d.Kind != ast.Scalar {
			out = append(out, d)
		}
	}
	return out
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func (w *writer) doc(indent, text string) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "*/", `*\/`))
	if text == "" {
		return
	}
	if !strings.Contains(text, "\n") {
		w.line("%s/** %s */", indent, text)
		return
	}
	w.line("%s/**", indent)
	for line := range strings.SplitSeq(text, "\n") {
		w.line("%s", strings.TrimRight(indent+" * "+line, " \t\r"))
	}
	w.line("%s */", indent)
}

func (w *writer) enum(d *ast.Definition) {
	w.line("")
	w.doc("", d.Description)
	values := make([]string, len(d.EnumValues))
	for i, v := range d.EnumValues {
		values[i] = fmt.Sprintf("%q", v.Name)
	}
	head := "export type " + w.names[d.Name] + " ="
	if one := head + " " + strings.Join(values, " | ") + ";"; len(one) <= width {
		w.line("%s", one)
		return
	}
	if two := "  " + strings.Join(values, " | ") + ";"; len(two) <= width {
		w.line("%s\n%s", head, two)
		return
	}
	w.line("%s\n  | %s;", head, strings.Join(values, "\n  | "))
}

func (w *writer) input(d *ast.Definition) {
	w.line("")
	w.doc("", d.Description)
	w.line("export interface %s {", w.names[d.Name])
	for _, f := range d.Fields {
		w.doc("  ", about(f))
		w.line("  %s;", w.optional(f.Name, f.Type, !f.Type.NonNull || f.DefaultValue != nil))
	}
	w.line("}")
}

// optional writes a member of an input. What may be absent may be undefined, as in what Zod parsed, also with exactOptionalPropertyTypes.
func (w *writer) optional(name string, t *ast.Type, absent bool) string {
	switch typ := w.typ(t); {
	case !absent:
		return name + ": " + typ
	case typ == "unknown":
		return name + "?: unknown"
	default:
		return name + "?: " + typ + " | undefined"
	}
}

// scalars are the types of scalars in JSON.
var scalars = map[schema.Scalar]string{
	schema.ID: "string", schema.String: "string", schema.Int: "number", schema.Int64: "string", schema.Float: "number", schema.Decimal: "string",
	schema.Boolean: "boolean", schema.Date: "string", schema.DateTime: "string", schema.Duration: "string", schema.JSON: "unknown",
	schema.Bytes: "string", schema.Vector: "number[]",
}

// typ writes the type of a value.
func (w *writer) typ(t *ast.Type) string {
	var s string
	if t.Elem != nil {
		s = w.typ(t.Elem)
		if strings.Contains(s, " ") {
			s = "(" + s + ")"
		}
		s += "[]"
	} else {
		s = w.named(t.NamedType)
	}
	if !t.NonNull && s != "unknown" {
		s += " | null"
	}
	return s
}

func (w *writer) named(name string) string {
	if n := w.names[name]; n != "" {
		return n
	}
	if n := scalars[schema.Scalar(name)]; n != "" {
		return n
	}
	return "string"
}

func (w *writer) composite(t *ast.Type) bool {
	return w.api.Types[t.Name()].IsCompositeType()
}

// objects writes the fields that can be selected of each type.
func (w *writer) objects(types []*ast.Definition) {
	w.line("\n/** The fields of each type of the API. */\nexport interface $Types {")
	for _, d := range types {
		if !d.IsCompositeType() {
			continue
		}
		w.doc("  ", d.Description)
		w.line("  %s: {", d.Name)
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			w.doc("    ", about(f))
			w.field(f)
		}
		w.line("  };")
	}
	w.line("}")
}

func (w *writer) field(f *ast.FieldDefinition) {
	if !w.composite(f.Type) {
		w.line("    %s: $Leaf<%s>;", f.Name, w.typ(f.Type))
		return
	}
	wrap := strings.ReplaceAll(f.Type.String(), f.Type.Name(), "T")
	if len(f.Arguments) == 0 {
		w.parameters(fmt.Sprintf("    %s: $Node<", f.Name), []string{fmt.Sprintf("%q", f.Type.Name()), fmt.Sprintf("%q", wrap), "never"})
		return
	}
	w.line("    %s: $Node<\n      %q,\n      %q,\n      {", f.Name, f.Type.Name(), wrap)
	for _, a := range f.Arguments {
		w.line("        %s;", w.optional(a.Name, a.Type, !a.Type.NonNull))
	}
	w.line("      }\n    >;")
}

func (w *writer) parameters(head string, list []string) {
	if one := head + strings.Join(list, ", ") + ">;"; len(one) <= width {
		w.line("%s", one)
		return
	}
	w.line("%s\n      %s\n    >;", head, strings.Join(list, ",\n      "))
}

// meta writes the data that the client needs to build operations: which fields are objects, and the types of arguments.
func (w *writer) meta(types []*ast.Definition) {
	w.line("\nconst $meta: $Meta = {")
	for _, d := range types {
		if !d.IsCompositeType() {
			continue
		}
		var fields []string
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") || !w.composite(f.Type) {
				continue
			}
			if len(f.Arguments) == 0 {
				fields = append(fields, fmt.Sprintf("    %s: [%q],", f.Name, f.Type.Name()))
				continue
			}
			var args []string
			for _, a := range f.Arguments {
				args = append(args, fmt.Sprintf("%s: %q", a.Name, a.Type.String()))
			}
			one := fmt.Sprintf("    %s: [%q, { %s }],", f.Name, f.Type.Name(), strings.Join(args, ", "))
			if len(one) > width {
				one = fmt.Sprintf("    %s: [\n      %q,\n%s\n    ],", f.Name, f.Type.Name(), object(args))
			}
			fields = append(fields, one)
		}
		if len(fields) > 0 {
			w.line("  %s: {\n%s\n  },", d.Name, strings.Join(fields, "\n"))
		}
	}
	w.line("};")
}

func object(members []string) string {
	if one := "      { " + strings.Join(members, ", ") + " },"; len(one) <= width {
		return one
	}
	return "      {\n        " + strings.Join(members, ",\n        ") + ",\n      },"
}

// roots writes the methods of the client.
func (w *writer) roots() {
	w.line("\nexport interface Client {")
	var methods []string
	for _, root := range []struct {
		def         *ast.Definition
		method, doc string
	}{
		{w.api.Query, "query", "Reads."},
		{w.api.Mutation, "mutate", "Writes."},
	} {
		if root.def == nil {
			continue
		}
		w.line("  /** %s Throws a KrowocError. */\n  %s<const S extends Select<%q>>(\n    selection: S & $Strict<%q, S>,\n    options?: RequestOptions,\n  ): Promise<Result<%q, S>>;",
			root.doc, root.method, root.def.Name, root.def.Name, root.def.Name)
		methods = append(methods, fmt.Sprintf("    %s: async (selection, options = {}) =>\n      (await $answer(\n        await send($print(%q, %q, selection), $json, options),\n        options,\n      )) as never,",
			root.method, map[string]string{"query": "query", "mutate": "mutation"}[root.method], root.def.Name))
	}
	if d := w.api.Subscription; d != nil {
		w.line("  /** Subscribes to events until the loop over them ends. Throws a KrowocError. */\n  subscribe<const S extends Select<%q>>(\n    selection: S & $Strict<%q, S>,\n    options?: RequestOptions,\n  ): AsyncGenerator<Result<%q, S>>;", d.Name, d.Name, d.Name)
		methods = append(methods, fmt.Sprintf("    subscribe: async function* (selection, options = {}) {\n      yield* $events(\n        await send(\n          $print(\"subscription\", %q, selection),\n          `text/event-stream, ${$json}`,\n          options,\n        ),\n        options,\n      ) as AsyncGenerator<never>;\n    },", d.Name))
	}
	if w.connections() {
		w.line("%s", eachType)
		methods = append(methods, eachMethod)
	}
	w.line("}\n\n/** Creates a client. */\nexport const createClient = (options: ClientOptions = {}): Client => {\n  const send = $transport(options);\n  return {\n%s\n  };\n};", strings.Join(methods, "\n"))
}

// eachType and eachMethod are the reader of connections in a client.
const (
	eachType = `  /** Reads all rows of a connection, one page of the size ` + "`first`" + ` after the other. Throws a KrowocError. */
  each<
    const K extends $Connection,
    const S extends Select<$Connections[K]["node"]>,
  >(
    field: K,
    selection: S &
      $Strict<$Connections[K]["node"], S> &
      $Args<$Connections[K]["args"]> &
      $Known<S, $Connections[K]["args"]>,
    options?: RequestOptions,
  ): AsyncGenerator<Result<$Connections[K]["node"], S>>;`
	eachMethod = `    each: (field, selection, options = {}) =>
      $each(
        async (page) =>
          $answer(
            await send($print("query", "Query", page), $json, options),
            options,
          ),
        field,
        selection,
      ) as AsyncGenerator<never>,`
)
