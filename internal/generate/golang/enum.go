package golang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/generate/shape"
)

// deprecated begins the paragraph of a comment that tools for Go know: https://go.dev/wiki/Deprecated.
const deprecated = "Deprecated: "

func (m *model) enumFile() ([]byte, error) {
	var b strings.Builder
	var descriptions []string
	fmt.Fprintf(&b, "package %s\n\nimport (\n%s)\n", m.pkg, m.enumImports())
	for _, e := range m.order {
		fmt.Fprintf(&b, "\n")
		doc(&b, "", described(e.name, e.Description, "is one of a fixed set of values."))
		fmt.Fprintf(&b, "type %s string\n\n", e.name)
		fmt.Fprintf(&b, "// The values of %s.\nconst (\n", e.name)
		descriptions = append(descriptions, e.Description)
		var lines table
		for i, v := range e.Values {
			about := shape.Documented(v.Description, v.Deprecated, deprecated)
			descriptions = append(descriptions, about)
			lines.add(about, e.values[i], e.name, "= "+strconv.Quote(v.Name))
		}
		lines.write(&b)
		fmt.Fprintf(&b, ")\n\n// Valid reports whether v is one of the values.\nfunc (v %s) Valid() bool {\n\tswitch v {\n\tcase %s:\n\t\treturn true\n\t}\n\treturn false\n}\n",
			e.name, strings.Join(e.values, ", "))
		fmt.Fprintf(&b, "\n// MarshalText implements encoding.TextMarshaler.\nfunc (v %[1]s) MarshalText() ([]byte, error) {\n\tif !v.Valid() {\n\t\treturn nil, fmt.Errorf(\"invalid %[2]s %%q\", string(v))\n\t}\n\treturn []byte(v), nil\n}\n", e.name, e.Name)
		fmt.Fprintf(&b, "\n// UnmarshalText implements encoding.TextUnmarshaler.\nfunc (v *%[1]s) UnmarshalText(text []byte) error {\n\tif x := %[1]s(text); x.Valid() {\n\t\t*v = x\n\t\treturn nil\n\t}\n\treturn fmt.Errorf(\"invalid %[2]s %%q\", text)\n}\n", e.name, e.Name)
		if len(e.Labelled()) > 0 {
			e.conversions(&b)
		}
	}
	m.register(&b)
	return formatted([]byte(b.String()), descriptions)
}

func (m *model) enumImports() string {
	imports := "\t\"context\"\n"
	if slices.ContainsFunc(m.order, func(e *goEnum) bool { return len(e.Labelled()) > 0 }) {
		imports += "\t\"database/sql/driver\"\n"
	}
	if len(m.order) > 0 {
		imports += "\t\"fmt\"\n"
	}
	imports += "\n\t\"github.com/jackc/pgx/v5\"\n"
	if len(m.texts()) > 0 {
		imports += "\t\"github.com/jackc/pgx/v5/pgtype\"\n"
	}
	return imports
}

// conversions writes the methods with which drivers read and write the labels of an enum.
func (e *goEnum) conversions(b *strings.Builder) {
	var names, labels strings.Builder
	for i, v := range e.Values {
		if v.Label != v.Name {
			fmt.Fprintf(&names, "\tcase %s:\n\t\treturn %q, nil\n", e.values[i], v.Label)
			fmt.Fprintf(&labels, "\tcase %q:\n\t\t*v = %s\n", v.Label, e.values[i])
		}
	}
	fmt.Fprintf(b, conversions, e.name, e.Name, names.String(), labels.String())
}

const conversions = `
// Value implements driver.Valuer. It returns the label of the value in Postgres.
func (v %[1]s) Value() (driver.Value, error) {
	switch v {
%[3]s	}
	return string(v), nil
}

// Scan implements sql.Scanner. It takes the label of a value in Postgres.
func (v *%[1]s) Scan(label any) error {
	if text, ok := label.([]byte); ok {
		label = string(text)
	}
	switch label {
%[4]s	default:
		text, ok := label.(string)
		if !ok {
			return fmt.Errorf("invalid %[2]s: %%v", label)
		}
		*v = %[1]s(text)
	}
	return nil
}
`

// described returns a doc comment that begins with the name, as in Go.
func described(name, description, otherwise string) string {
	if description == "" {
		return name + " " + otherwise
	}
	return name + ": " + description
}
