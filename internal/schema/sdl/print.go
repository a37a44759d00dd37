package sdl

import (
	"bufio"
	"io"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// Print writes s in canonical form: enums, then types that are not stored, then stored types, each in the
// order of the schema. Names and arguments that equal their defaults are omitted. Parse reads the text back as an equal schema.
func Print(w io.Writer, s *schema.Schema) error {
	p := &printer{Writer: bufio.NewWriter(w)}
	for _, e := range s.Enums {
		p.enum(e)
	}
	for _, t := range s.Plain {
		p.object(t)
	}
	for _, t := range s.Tables {
		if t.Join == nil {
			p.object(t)
		}
	}
	for _, t := range s.Views {
		p.object(t)
	}
	p.customs(s.Customs, false)
	p.customs(s.Customs, true)
	return p.Flush()
}

// printer writes definitions, with a blank line between them. Its writer keeps the first error for Flush.
type printer struct {
	*bufio.Writer
	started bool
}

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		_, _ = p.WriteString(s) // kept for Flush
	}
}

func (p *printer) begin(description string) {
	if p.started {
		p.write("\n")
	}
	p.started = true
	p.description(description, "")
}

func (p *printer) enum(e *schema.Enum) {
	p.begin(e.Description)
	p.write("enum ", e.Name, directive("enum", text("name", given(e.DBName, schema.SnakeCase(e.Name)))), directive("renamed", text("from", e.RenamedFrom)))
	if e.Tiers {
		p.write(" @tiers")
	}
	p.write(" {\n")
	for _, v := range e.Values {
		p.description(v.Description, "  ")
		p.write("  ", v.Name, label(v), directive("renamed", text("from", v.RenamedFrom)), deprecatedDirective(v.Deprecated), "\n")
	}
	p.write("}\n")
}

// label prints @value. Unlike other names, a label can be empty.
func label(v schema.EnumValue) string {
	if v.Label == v.Name {
		return ""
	}
	return " @value(name: " + Quote(v.Label) + ")"
}

func (p *printer) object(t *schema.Type) {
	p.begin(t.Description)
	p.write("type ", t.Name)
	all := typeDirectives(t)
	for _, d := range all {
		if len(all) > 1 {
			p.write("\n ")
		}
		p.write(d)
	}
	p.write(" {\n")
	for _, f := range slices.Concat(t.Fields, t.Computed) {
		if f.Implicit {
			continue
		}
		p.description(f.Description, "  ")
		p.write("  ", f.Name, ": ", f.Type.String())
		for _, d := range fieldDirectives(f) {
			p.write(d)
		}
		p.write("\n")
	}
	p.write("}\n")
}

// description writes a description, as a block string if it has several lines and one can represent it.
func (p *printer) description(text, indent string) {
	switch {
	case text == "":
	case isBlock(text):
		p.write(indent, `"""`, "\n")
		for line := range strings.SplitSeq(text, "\n") {
			if line == "" {
				p.write("\n")
				continue
			}
			p.write(indent, strings.ReplaceAll(line, `"""`, `\"""`), "\n")
		}
		p.write(indent, `"""`, "\n")
	default:
		p.write(indent, Quote(text), "\n")
	}
}

// isBlock reports whether a block string can represent exactly the text: GraphQL drops its blank lines at both ends and its common
// indentation, and it cannot contain control characters.
func isBlock(text string) bool {
	lines := strings.Split(text, "\n")
	blank := func(s string) bool { return strings.Trim(s, " \t") == "" }
	if len(lines) == 1 || blank(lines[0]) || blank(lines[len(lines)-1]) {
		return false
	}
	flush := false
	for _, l := range lines {
		if (l != "" && blank(l)) || strings.HasSuffix(l, `\`) || strings.HasSuffix(l, `"`) || strings.ContainsFunc(l, func(r rune) bool { return r < ' ' && r != '\t' }) {
			return false
		}
		flush = flush || (l != "" && l[0] != ' ' && l[0] != '\t')
	}
	return flush
}

// typeDirectives returns the directives of a type, each with a space before it.
func typeDirectives(t *schema.Type) []string {
	if !t.Stored() {
		return nil
	}
	var key []string
	if len(t.Key) != 1 || t.Key[0].Name != "id" {
		for _, k := range t.Key {
			key = append(key, Quote(k.Name))
		}
	}
	name := given(t.Table, schema.Plural(schema.SnakeCase(t.Name)))
	kind := " @table"
	if t.View {
		kind = " @view"
	}
	out := []string{kind + arguments(text("name", name), list("key", key))}
	add := func(d string) {
		if d != "" {
			out = append(out, d)
		}
	}
	add(directive("renamed", text("from", t.RenamedFrom)))
	add(apiDirective(t.API))
	for _, u := range t.Uniques {
		name := given(u.Name, schema.ObjectName(t.Table, columnsOf(u.Fields), "key"))
		add(directive("unique", list("fields", fieldNames(u.Fields)), text("name", name)))
	}
	for _, x := range t.Indexes {
		add(indexDirective(t, x))
	}
	add(searchDirective(t.Search))
	for n, c := range t.Checks {
		add(checkDirective(c, checkName(t.Table, nil, n)))
	}
	for _, m := range t.Metrics {
		sum := ""
		if m.Sum != nil {
			sum = m.Sum.Name
		}
		add(directive("metric", text("name", m.Name), text("sum", sum), list("by", fieldNames(m.By))))
	}
	for _, e := range t.Tracks {
		add(directive("track", text("event", e.Event), list("on", words(e.On...)), list("properties", fieldNames(e.Fields))))
	}
	if t.Live {
		add("@live")
	}
	if len(t.Rules) > 0 {
		add(authDirective(true, t.Rules, t.Fresh, len(schema.Operations)))
	}
	return out
}

func fieldNames(fields []*schema.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = Quote(f.Name)
	}
	return out
}

func indexDirective(t *schema.Type, x schema.Index) string {
	var fields []*schema.Field
	var order []string
	for _, f := range x.Fields {
		fields = append(fields, f.Field)
		order = append(order, direction(f))
	}
	if !slices.Contains(order, "DESC") {
		order = nil
	}
	return directive("index", list("fields", fieldNames(fields)), list("order", order), word("type", given(string(x.Method), string(schema.BTree))),
		source(x.Where, "where", "whereSql"), text("name", given(x.Name, schema.ObjectName(t.Table, columnsOf(fields), "idx"))))
}

func direction(f schema.IndexField) string {
	if f.Desc {
		return "DESC"
	}
	return "ASC"
}

// source prints an expression as the argument for its language, or nothing for nil.
func source(e *schema.Expr, inCEL, inSQL string) string {
	switch {
	case e == nil:
		return ""
	case e.SQL:
		return text(inSQL, e.Source)
	}
	return text(inCEL, e.Source)
}

func checkDirective(c schema.Check, usual string) string {
	return directive("check", source(c.Expr, "expr", "sql"), text("name", given(c.Name, usual)), text("message", c.Message))
}

// authDirective prints an @auth, if there is one; all is the number of operations that a rule can allow.
func authDirective(hasRules bool, rules []schema.Rule, f schema.Fresh, all int) string {
	given, within := "", ""
	if hasRules {
		given = ruleList(rules, all)
	}
	if f.Within > 0 {
		within = schema.FormatDuration(f.Within)
	}
	return directive("auth", word("rules", given), text("fresh", within), list("freshFor", operationNames(f.Operations, all)))
}

// operationNames returns operations, or nothing for all.
func operationNames(operations []schema.Operation, all int) (names []string) {
	if len(operations) == all {
		return nil
	}
	for _, op := range operations {
		names = append(names, string(op))
	}
	return names
}

// ruleList prints rules, one on each line.
func ruleList(rules []schema.Rule, all int) string {
	if len(rules) == 0 {
		return "[]"
	}
	var b strings.Builder
	b.WriteString("[\n")
	for _, r := range rules {
		var roles []string
		for _, role := range r.Roles {
			roles = append(roles, Quote(role))
		}
		field, tier, where := "", "", ""
		if r.Field != nil {
			field = r.Field.Name
		}
		if len(r.Tiers) > 0 {
			tier = r.Tiers[0]
		}
		if r.Where != nil {
			where = r.Where.Source
		}
		args := arguments(word("allow", string(r.Allow)), list("operations", operationNames(r.Operations, all)), text("field", field), list("roles", roles), word("atLeast", tier), text("where", where))
		b.WriteString("    { " + strings.Trim(args, "()") + " }\n")
	}
	b.WriteString("  ]")
	return b.String()
}

// given returns name, or "" when it equals the default.
func given(name, usual string) string {
	if name == usual {
		return ""
	}
	return name
}
