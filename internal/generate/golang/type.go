package golang

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

func (m *model) typeFile(t goType) ([]byte, error) {
	var b strings.Builder
	m.constants(&b, t)
	fmt.Fprintf(&b, "\n")
	doc(&b, "", described(t.name, t.Description, "is a row of "+t.Table+"."))
	m.structure(&b, t.name, t, func(goField) bool { return true }, goField.row, "")
	fmt.Fprintf(&b, "\n// %sCreate creates a %s. Optional fields that are absent get their default.\n", t.name, t.Name)
	m.structure(&b, t.name+"Create", t, goField.InCreate, func(f goField) string {
		if f.Optional {
			return "Optional[" + f.value() + "]"
		}
		return f.value()
	}, ",omitzero")
	fmt.Fprintf(&b, "\n// %sPatch changes a %s. Fields that are not set stay unchanged.\n", t.name, t.Name)
	m.structure(&b, t.name+"Patch", t, func(f goField) bool { return !f.Fixed }, func(f goField) string { return "Optional[" + f.value() + "]" }, ",omitzero")
	if err := m.validation(&b, t); err != nil {
		return nil, err
	}
	descriptions := []string{t.Description}
	for _, f := range t.fields {
		descriptions = append(descriptions, shape.Documented(f.Description, f.Deprecated, deprecated))
	}
	return formatted([]byte(m.header(t)+b.String()), descriptions)
}

// header begins a file with the packages that its text uses.
func (m *model) header(t goType) string {
	uses := map[string]bool{}
	for _, f := range t.fields {
		c := f.Constraints()
		uses["encoding/json"] = uses["encoding/json"] || f.Scalar() == schema.JSON
		uses["regexp"] = uses["regexp"] || c.Pattern != "" || c.Format != ""
		uses["time"] = uses["time"] || f.Scalar() == schema.DateTime
		uses["unicode/utf8"] = uses["unicode/utf8"] || (c.Length != nil && !f.List() && f.Scalar() != schema.Bytes)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n", m.pkg)
	maps.DeleteFunc(uses, func(_ string, used bool) bool { return !used })
	if pkgs := slices.Sorted(maps.Keys(uses)); len(pkgs) > 0 {
		b.WriteString("\nimport (\n")
		for _, pkg := range pkgs {
			fmt.Fprintf(&b, "\t%q\n", pkg)
		}
		b.WriteString(")\n")
	}
	return b.String()
}

func (m *model) constants(b *strings.Builder, t goType) {
	fmt.Fprintf(b, "\n// The names of the table of %s and its columns.\nconst (\n", t.name)
	var lines table
	lines.add("", t.name+"Table", "= "+strconv.Quote(t.Table))
	for _, f := range t.fields {
		lines.add("", f.constant, "= "+strconv.Quote(f.Column))
	}
	lines.write(b)
	b.WriteString(")\n")
}

func (m *model) structure(b *strings.Builder, name string, t goType, has func(goField) bool, typ func(goField) string, option string) {
	var lines table
	for _, f := range t.fields {
		if !has(f) {
			continue
		}
		omit := ""
		if strings.HasPrefix(typ(f), "Optional[") {
			omit = option
		}
		lines.add(shape.Documented(f.Description, f.Deprecated, deprecated), f.name, typ(f), "`json:\""+f.Name+omit+"\" db:\""+f.Column+"\"`")
	}
	if lines.lines == nil {
		fmt.Fprintf(b, "type %s struct{}\n", name)
		return
	}
	fmt.Fprintf(b, "type %s struct {\n", name)
	lines.write(b)
	b.WriteString("}\n")
}

// form is one of the structs of a type: a row, or the input that creates or changes one.
type form struct {
	suffix        string
	has, optional func(goField) bool
}

var forms = []form{
	{"", func(goField) bool { return true }, func(goField) bool { return false }},
	{"Create", goField.InCreate, func(f goField) bool { return f.Optional }},
	{"Patch", func(f goField) bool { return !f.Fixed }, func(goField) bool { return true }},
}

// validation writes UnmarshalJSON and Validate of the structs.
func (m *model) validation(b *strings.Builder, t goType) error {
	for _, s := range forms {
		name := t.name + s.suffix
		fmt.Fprintf(b, "\n// UnmarshalJSON implements json.Unmarshaler.\nfunc (x *%s) UnmarshalJSON(text []byte) error {\n\ttype plain %s\n\treturn decode(text, (*plain)(x), members{%s})\n}\n",
			name, name, literal(s.members(t)))
		fmt.Fprintf(b, "\n// Validate returns a ValidationError with every value that the database would reject.\nfunc (x %s) Validate() error {\n\tvar v violations\n", name)
		for _, f := range t.fields {
			if s.has(f) {
				m.visit(b, f, s.optional(f))
			}
		}
		writeChecks(b, t, s.suffix == "Create", s.has)
		b.WriteString("\treturn v.err()\n}\n")
	}
	for _, f := range t.fields {
		if err := m.rule(b, f); err != nil {
			return err
		}
	}
	return nil
}

// members returns what decode checks of the JSON object, as members of a composite literal.
func (s form) members(t goType) (parts [][2]string) {
	for _, p := range []struct {
		name    string
		applies func(goField) bool
	}{
		{"required", func(f goField) bool { return !s.optional(f) }},
		{"notNull", func(f goField) bool { return !f.Nullable }},
		{"noHoles", func(f goField) bool { return f.List() && !f.NullableElements() }},
		{"times", func(f goField) bool { return f.Scalar() == schema.DateTime }},
	} {
		var names []string
		for _, f := range t.fields {
			if s.has(f) && p.applies(f) {
				names = append(names, strconv.Quote(f.Name))
			}
		}
		if names != nil {
			parts = append(parts, [2]string{p.name + ":", "[]string{" + strings.Join(names, ", ") + "}"})
		}
	}
	if s.suffix != "" {
		parts = append(parts, [2]string{"strict:", "true"})
	}
	return parts
}

// literal writes the members of a composite literal.
func literal(parts [][2]string) string {
	if len(parts) == 0 {
		return ""
	}
	width := 0
	for _, p := range parts {
		width = max(width, len(p[0]))
	}
	var b strings.Builder
	b.WriteByte('\n')
	for _, p := range parts {
		fmt.Fprintf(&b, "\t\t%-*s %s,\n", width, p[0], p[1])
	}
	return b.String() + "\t"
}

// visit calls the validation function of a field with its value, if it has one.
func (m *model) visit(b *strings.Builder, f goField, optional bool) {
	rule := f.rule + "(&v, "
	switch {
	case optional:
		if !f.Nullable {
			fmt.Fprintf(b, "\tif x.%s.Null {\n\t\tv.add(%q, \"cannot be null\")\n\t}\n", f.name, f.Name)
		}
		if m.ruled(f) {
			fmt.Fprintf(b, "\tif value, ok := x.%s.Get(); ok {\n\t\t%svalue)\n\t}\n", f.name, rule)
		}
	case f.slice():
		fmt.Fprintf(b, "\tif x.%s != nil {\n", f.name)
		if m.ruled(f) {
			fmt.Fprintf(b, "\t\t%sx.%s)\n", rule, f.name)
		}
		if f.Nullable {
			b.WriteString("\t}\n")
		} else {
			fmt.Fprintf(b, "\t} else {\n\t\tv.add(%q, \"cannot be null\")\n\t}\n", f.Name)
		}
	case !m.ruled(f):
	case f.Nullable:
		fmt.Fprintf(b, "\tif x.%[1]s != nil {\n\t\t%[2]s*x.%[1]s)\n\t}\n", f.name, rule)
	default:
		fmt.Fprintf(b, "\t%sx.%s)\n", rule, f.name)
	}
}

// restricted are the scalars whose Go types can hold values that are not valid for the scalar.
var restricted = []schema.Scalar{schema.ID, schema.String, schema.Decimal, schema.Date, schema.DateTime, schema.JSON}

// ruled reports whether a value of the field has to be checked.
func (m *model) ruled(f goField) bool {
	c := f.Constraints()
	return c.Length != nil || c.Range != nil || c.Pattern != "" || c.Format != "" || f.Enum() != nil || f.Dimensions() > 0 ||
		slices.Contains(restricted, f.Scalar())
}
