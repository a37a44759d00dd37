package sdl

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// fieldDirectives returns the directives of a field, each with a space before it.
func fieldDirectives(f *schema.Field) []string {
	out := []string{
		directive("col", text("name", columnName(f)), text("dataType", f.DataType)),
		directive("renamed", text("from", f.RenamedFrom)),
		computedDirective(f.Computed),
		apiDirective(f.API),
		deprecatedDirective(f.Deprecated),
	}
	out = append(out, relationDirectives(f)...)
	if f.Unique {
		out = append(out, " @unique")
	}
	out = append(out, constraintDirectives(f.Constraints)...)
	for n, c := range f.Checks {
		out = append(out, checkDirective(c, checkName(f.Owner.Table, f.Columns(), n)))
	}
	if d := f.Default; d != nil && !isFirstVersion(f) {
		switch {
		case d.Expr != nil:
			out = append(out, directive("default", text("expr", d.Expr.Source)))
		case d.SQL != "":
			out = append(out, directive("default", text("sql", d.SQL)))
		default:
			out = append(out, " @default(value: "+literal(d.Value, f.Type.Enum != nil)+")")
		}
	}
	if g := f.Generated; g != nil {
		out = append(out, directive("generated", source(g.Expr, "expr", "sql"), word("identity", string(g.Identity))))
	}
	switch {
	case f.Version:
		out = append(out, " @version")
	case f.OnUpdate != nil:
		out = append(out, directive("onUpdate", text("expr", f.OnUpdate.Source)))
	}
	if f.PII != nil {
		var keys []string
		for _, key := range f.PII.Keys {
			keys = append(keys, Quote(key))
		}
		out = append(out, " @pii"+arguments(word("kind", string(f.PII.Kind)), list("keys", keys)))
	}
	return append(out, authDirective(f.Auth, f.Rules, f.Fresh, len(schema.Operations)-1))
}

// columnName returns the value of @col(name:), or "" when the column has its default name.
func columnName(f *schema.Field) string {
	switch {
	case f.Column == "":
		return ""
	case f.Relation == nil:
		return given(f.Column, schema.SnakeCase(f.Name))
	}
	return given(f.Column, referenceColumn(f.Name, keyColumns(f.Relation.Target)[0]))
}

func keyColumns(t *schema.Type) []string { return columnsOf(t.Key) }

func relationDirectives(f *schema.Field) []string {
	rel := f.Relation
	if rel == nil {
		return nil
	}
	if rel.Kind == schema.RefOne {
		usual := schema.SetNull
		if f.Type.NonNull {
			usual = schema.Restrict
		}
		ref := directive("ref", word("onDelete", given(string(rel.OnDelete), string(usual))), list("fields", fieldNames(rel.Fields)))
		if ref == "" && refersOnce(rel.Target, f) {
			ref = " @ref"
		}
		return []string{ref}
	}
	var out []string
	if rel.Inverse != nil && (rel.Kind == schema.BackOne || refers(rel.Target, f.Owner) > 1 || refers(f.Owner, rel.Target) > 1) {
		out = append(out, directive("inverse", text("field", rel.Inverse.Name)))
	}
	if rel.Kind == schema.ManyToMany {
		out = append(out, joinDirective(f))
	}
	return out
}

// refersOnce reports whether t has a unique reference to the type of f, whose inverse f could be mistaken for.
func refersOnce(t *schema.Type, f *schema.Field) bool {
	return slices.ContainsFunc(t.Fields, func(g *schema.Field) bool {
		return g != f && g.Unique && g.Type.Object == f.Owner && g.Relation.Inverse == nil
	})
}

// refers counts the fields of t that are of type to.
func refers(t, to *schema.Type) int {
	n := 0
	for _, f := range t.Fields {
		if f.Type.Object == to {
			n++
		}
	}
	return n
}

func joinDirective(f *schema.Field) string {
	join := f.Relation.Through
	if join.Join != nil {
		_, table := joinNames(join.Join.Left, join.Join.Right)
		if join.Join.Left != f {
			return ""
		}
		return directive("manyToMany", text("table", given(join.Table, table)))
	}
	from, to := f.Relation.ThisRef, f.Relation.TargetRef
	fromName, toName := "", ""
	if refers(join, f.Owner) > 1 {
		fromName = from.Name
	}
	if refers(join, f.Relation.Target) > 1 {
		toName = to.Name
	}
	return directive("manyToMany", text("through", join.Name), text("from", fromName), text("to", toName))
}

func constraintDirectives(c schema.Constraints) []string {
	var out []string
	if l := c.Length; l != nil {
		out = append(out, directive("length", number("min", l.Min), number("max", l.Max)))
	}
	if r := c.Range; r != nil {
		out = append(out, directive("range", bound("min", r.Min), bound("max", r.Max)))
	}
	return append(out, directive("pattern", text("regex", c.Pattern)), directive("format", word("type", string(c.Format))))
}

// directive prints a directive that has arguments, or nothing when all of them are left out.
func directive(name string, args ...string) string {
	if a := arguments(args...); a != "" {
		return " @" + name + a
	}
	return ""
}

func arguments(args ...string) string {
	args = slices.DeleteFunc(args, func(a string) bool { return a == "" })
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

// text, word, list, number and bound print one argument, or nothing when it has no value.
func text(name, value string) string {
	if value == "" {
		return ""
	}
	return name + ": " + Quote(value)
}

func word(name, value string) string {
	if value == "" {
		return ""
	}
	return name + ": " + value
}

func list(name string, values []string) string {
	if len(values) == 0 {
		return ""
	}
	return name + ": [" + strings.Join(values, ", ") + "]"
}

func number(name string, n *int) string {
	if n == nil {
		return ""
	}
	return name + ": " + strconv.Itoa(*n)
}

func bound(name, value string) string {
	if !isNumber(value) {
		return text(name, value)
	}
	return word(name, value)
}

// isNumber reports whether GraphQL can write the value without quotes.
func isNumber(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] == '+' || (len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') {
		return false
	}
	if strings.HasPrefix(digits, ".") || strings.HasSuffix(digits, ".") || strings.Contains(digits, ".e") || strings.Contains(digits, ".E") {
		return false
	}
	for _, r := range digits {
		if !strings.ContainsRune("0123456789.eE+-", r) {
			return false
		}
	}
	_, ok := scalar.Of(schema.Decimal, "").Canonical(s)
	return ok
}

// literal prints a value of schema.Default.
func literal(v any, enum bool) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if enum {
			return v
		}
		return Quote(v)
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 64)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		return s
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = literal(item, enum)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, k+": "+literal(v[k], false))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v) // bool, int64
}

// Quote writes a GraphQL string.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
