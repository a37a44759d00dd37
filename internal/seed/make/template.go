package make

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"gopkg.in/yaml.v3"
)

// filled is a text template with other fields of the row.
type filled struct {
	template *template.Template
	fields   []*operand
	longest  int
}

// TextFuncs are the text functions of templates.
var TextFuncs = template.FuncMap{
	"lower": strings.ToLower, "upper": strings.ToUpper, "slug": Slug,
	"replace": func(old, with, text string) string { return strings.ReplaceAll(text, old, with) },
	"trunc":   func(n int, text string) string { return fit(text, 0, max(n, 1)) },
}

var fieldRef = regexp.MustCompile(`\.([a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z_][a-zA-Z0-9_]*)?)`)

var action = regexp.MustCompile(`\{\{.*?\}\}`)

// template parses {template: "{{ .firstName }} {{ .lastName }}"}. A dot precedes a field of the row, or of a row that it refers to.
func (r *Reader) template(c *slot, arg *yaml.Node) generator {
	s := filled{longest: c.longest()}
	fields := map[string]bool{}
	text := action.ReplaceAllStringFunc(arg.Value, func(a string) string {
		for _, m := range fieldRef.FindAllStringSubmatch(a, -1) {
			fields[m[1]] = true
		}
		return a
	})
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		s.fields = append(s.fields, &operand{node: arg, path: path})
	}
	var err error
	if s.template, err = template.New("").Option("missingkey=error").Funcs(TextFuncs).Parse(text); err != nil {
		r.fail(arg, "bad-template", "", "the template cannot be read: %s", strings.TrimPrefix(err.Error(), "template: "))
		return &constant{null: true}
	}
	if c.kind != kindText && c.kind != kindJSONB {
		r.fail(arg, "wrong-type", "", "%s.%s is %s, but a template generates text", c.field.Owner.Name, c.field.Name, c.field.Type.Name())
	}
	return s
}

func (s filled) make(r *sample) datum {
	data := map[string]any{}
	for _, o := range s.fields {
		d := o.value(r)
		text := o.slot.text(&d)
		ref, name, nested := strings.Cut(o.path, ".")
		if !nested {
			data[ref] = text
			continue
		}
		inner, _ := data[ref].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			data[ref] = inner
		}
		inner[name] = text
	}
	var b strings.Builder
	if err := s.template.Execute(&b, data); err != nil {
		return null
	}
	return datum{s: fit(b.String(), 0, s.longest)}
}
