// Package markdown writes a data dictionary: every type with its fields, an entity diagram, and who may do what.
package markdown

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/access"
)

// Target returns the target for Markdown.
func Target() generate.Target {
	return generate.Target{Name: "markdown", Out: "docs/data.md", Doc: "A data dictionary with a Mermaid entity diagram and the access rules", Files: files}
}

func files(in generate.Input) ([]generate.File, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# The data of %s\n\n", in.Project)
	diagram(&b, in.Schema)
	for _, t := range in.Schema.Tables {
		if t.Join == nil {
			table(&b, t)
		}
	}
	if len(in.Schema.Enums) > 0 {
		b.WriteString("\n## Enums\n")
	}
	for _, e := range in.Schema.Enums {
		fmt.Fprintf(&b, "\n### %s\n\n", e.Name)
		if e.Description != "" {
			fmt.Fprintf(&b, "%s\n\n", e.Description)
		}
		if e.DBName != schema.SnakeCase(e.Name) {
			fmt.Fprintf(&b, "Type %s.\n\n", code(e.DBName))
		}
		for _, v := range e.Values {
			fmt.Fprintf(&b, "- `%s`", v.Name)
			if v.Label != v.Name {
				fmt.Fprintf(&b, ", in Postgres %s", code(v.Label))
			}
			if about := documented(v.Description, v.Deprecated); about != "" {
				b.WriteString(": " + strings.Join(strings.Fields(about), " "))
			}
			b.WriteByte('\n')
		}
	}
	b.WriteString("\n## Who may do what\n\n" + access.Of(in.Schema).Markdown())
	return []generate.File{{Content: []byte(b.String())}}, nil
}

func table(b *strings.Builder, t *schema.Type) {
	fmt.Fprintf(b, "\n## %s\n\n", t.Name)
	if t.Description != "" {
		fmt.Fprintf(b, "%s\n\n", t.Description)
	}
	fmt.Fprintf(b, "Table `%s`. Key: %s.\n\n", t.Table, fieldNames(t.Key))
	b.WriteString("| field | column | type | constraints | description |\n| --- | --- | --- | --- | --- |\n")
	for _, f := range t.Fields {
		if columns := f.Columns(); len(columns) > 0 {
			fmt.Fprintf(b, "| `%s` | `%s` | `%s` | %s | %s |\n", f.Name, strings.Join(columns, "`, `"), f.Type, cell(rules(f)), cell(documented(f.Description, f.Deprecated)))
		}
	}
	for _, f := range t.Computed {
		fmt.Fprintf(b, "| `%s` | – | `%s` | %s | %s |\n", f.Name, f.Type, cell(computed(f.Computed)), cell(documented(f.Description, f.Deprecated)))
	}
	var notes []string
	for _, u := range t.Uniques {
		notes = append(notes, "unique: "+fieldNames(u.Fields))
	}
	for _, c := range t.Checks {
		note := "`" + strings.Join(strings.Fields(c.Expr.Source), " ") + "`"
		if c.Message != "" {
			note += ": " + c.Message
		}
		notes = append(notes, note)
	}
	for _, x := range t.Indexes {
		var names []*schema.Field
		for _, f := range x.Fields {
			names = append(names, f.Field)
		}
		notes = append(notes, "index on "+fieldNames(names))
	}
	if len(notes) > 0 {
		b.WriteString("\n- " + strings.Join(notes, "\n- ") + "\n")
	}
}

// computed says how Postgres computes a field without a column.
func computed(c *schema.Computed) string {
	if c.Function != "" {
		return "computed by the function " + code(c.Function)
	}
	return "computed `" + strings.Join(strings.Fields(c.Expr), " ") + "`"
}

// documented adds the reason of a deprecation to a description.
func documented(description, reason string) string {
	return shape.Documented(description, reason, "**Deprecated:** ")
}

func fieldNames(fields []*schema.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = "`" + f.Name + "`"
	}
	return strings.Join(names, ", ")
}

// rules summarizes the constraints of a field.
func rules(f *schema.Field) string {
	var out []string
	c := f.Constraints
	if f.Unique {
		out = append(out, "unique")
	}
	if r := f.Relation; r != nil {
		out = append(out, "on delete "+strings.ToLower(strings.ReplaceAll(string(r.OnDelete), "_", " ")))
	}
	if l := c.Length; l != nil {
		out = append(out, "length "+span(integer(l.Min), integer(l.Max)))
	}
	if r := c.Range; r != nil {
		out = append(out, "range "+span(r.Min, r.Max))
	}
	if c.Pattern != "" {
		out = append(out, "`"+c.Pattern+"`")
	}
	if c.Format != "" {
		out = append(out, string(c.Format))
	}
	for _, check := range f.Checks {
		out = append(out, "`"+strings.Join(strings.Fields(check.Expr.Source), " ")+"`")
	}
	if f.Personal() {
		out = append(out, "personal data")
	}
	if g := f.Generated; g != nil {
		switch {
		case g.Expr != nil:
			out = append(out, "computed `"+strings.Join(strings.Fields(g.Expr.Source), " ")+"`")
		default:
			out = append(out, "identity")
		}
	}
	if d := f.Default; d != nil {
		switch {
		case d.Expr != nil:
			out = append(out, "default `"+d.Expr.Source+"`")
		case d.SQL != "":
			out = append(out, "default `"+d.SQL+"`")
		default:
			out = append(out, fmt.Sprintf("default `%v`", d.Value))
		}
	}
	return strings.Join(out, "; ")
}

func integer(n *int) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

func span(low, high string) string {
	switch {
	case low == "":
		return "≤ " + high
	case high == "":
		return "≥ " + low
	}
	return low + "…" + high
}

// code writes what Postgres calls something as code; in quotes where a backtick or nothing would be seen in its place.
func code(name string) string {
	if name == "" || strings.ContainsAny(name, "`\n") {
		return strconv.Quote(name)
	}
	return "`" + name + "`"
}

// cell escapes a text for a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
