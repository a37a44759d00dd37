package sdl

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// defaultOf reads @default.
func (b *builder) defaultOf(t *typeDecl, f *fieldDecl, u *use) {
	switch len(u.args) {
	case 0:
		b.errorf(codeMissingArgument, u.Position, "write @default(value: …), @default(expr: …) or @default(sql: …)", "@default requires value, expr or sql")
		return
	case 1:
	default:
		b.errorf(codeConflict, u.Position, "keep one of them", "@default takes only one of value, expr and sql")
		return
	}
	switch {
	case u.args["expr"] != nil:
		f.Default = &schema.Default{Expr: b.expr(u.args["expr"], t.Type, defaultKind(f.Field))}
	case u.args["sql"] != nil:
		sql, ok := sqlExpression(u.text("sql"))
		if !ok {
			b.errorf(codeInvalidDefault, u.args["sql"].Position, `write one SQL expression, for example "now()"`, "invalid SQL expression")
			return
		}
		f.Default = &schema.Default{SQL: sql}
	default:
		b.defaultValue(f, u.args["value"])
	}
}

// sqlExpression returns the trimmed SQL, and whether it can be one expression.
func sqlExpression(text string) (string, bool) {
	text = strings.TrimSpace(text)
	return text, text != "" && !strings.Contains(text, ";") && printable(strings.NewReplacer("\n", "", "\t", "").Replace(text))
}

func (b *builder) defaultValue(f *fieldDecl, v *ast.Value) {
	target := f.Type
	if f.Relation != nil {
		leaves := leafTypes(f.Field)
		if len(leaves) != 1 {
			b.errorf(codeInvalidDefault, v.Position, "set a default on each field of the key", "%q refers to a key of %d fields, so it cannot have a default itself", f.Name, len(leaves))
			return
		}
		target = leaves[0]
	}
	value, ok := b.valueOf(target, v)
	if !ok {
		return
	}
	if problem := violation(f.Field, value); problem != "" {
		b.errorf(codeInvalidDefault, v.Position, "change the default or the constraint", "the default %s", problem)
		return
	}
	f.Default = &schema.Default{Value: value}
}

// valueOf returns the Go value of a literal of the given type, or reports why it is not valid.
func (b *builder) valueOf(t schema.FieldType, v *ast.Value) (any, bool) {
	if (v.Kind == ast.NullValue && t.Scalar != schema.JSON) || (v.Kind == ast.NullValue && t.List) {
		b.errorf(codeInvalidDefault, v.Position, "remove @default; an optional field is null by default", "null is not a valid default")
		return nil, false
	}
	if t.List {
		return b.listValue(t, v)
	}
	if t.Enum != nil {
		if v.Kind == ast.EnumValue && t.Enum.Has(v.Raw) {
			return v.Raw, true
		}
		b.enumDefault(t.Enum, v)
		return nil, false
	}
	value, problem := scalarValue(t.Scalar, v)
	if problem != "" {
		b.errorf(codeInvalidDefault, v.Position, exampleOf(t.Scalar), "invalid %s: %s", t.Scalar, problem)
		return nil, false
	}
	return value, true
}

func (b *builder) enumDefault(e *schema.Enum, v *ast.Value) {
	names := valueNames(e)
	switch {
	case v.Kind == ast.StringValue && e.Has(v.Raw):
		b.errorf(codeInvalidDefault, v.Position, "write "+v.Raw+" without quotes", "the default is a string; enum values have no quotes")
	case v.Kind == ast.EnumValue || v.Kind == ast.StringValue:
		b.errorf(codeInvalidDefault, v.Position, didYouMean(v.Raw, names, "%s"), "enum %q has no value %q", e.Name, v.Raw)
	default:
		b.errorf(codeInvalidDefault, v.Position, "write "+orList(names), "the default is %s, not a value of enum %q", kindName(v.Kind), e.Name)
	}
}

func (b *builder) listValue(t schema.FieldType, v *ast.Value) (any, bool) {
	if v.Kind != ast.ListValue {
		b.errorf(codeInvalidDefault, v.Position, "write a list: […]", "the default is %s, but the field is a list", kindName(v.Kind))
		return nil, false
	}
	elem := t
	elem.List = false
	out := make([]any, 0, len(v.Children))
	for _, c := range v.Children {
		value, ok := b.valueOf(elem, c.Value)
		if !ok {
			return nil, false
		}
		out = append(out, value)
	}
	return out, true
}

// violation describes the first constraint of a field that a value does not satisfy, or returns "".
func violation(f *schema.Field, value any) string {
	c := f.Constraints
	if c.Length != nil {
		n := length(f.Type, value)
		tooShort := c.Length.Min != nil && n < *c.Length.Min
		tooLong := c.Length.Max != nil && n > *c.Length.Max
		if tooShort || tooLong {
			return fmt.Sprintf("must have %s; it has %d", c.Length.Describe(f.Type), n)
		}
	}
	if c.Range != nil {
		written := fmt.Sprint(value)
		tooSmall := c.Range.Min != "" && compare(f.Type.Scalar, written, c.Range.Min) < 0
		tooLarge := c.Range.Max != "" && compare(f.Type.Scalar, written, c.Range.Max) > 0
		if tooSmall || tooLarge {
			return fmt.Sprintf("must be %s; it is %s", c.Range.Describe(), written)
		}
	}
	if s, ok := value.(string); ok && c.Pattern != "" && !regexp.MustCompile(c.Pattern).MatchString(s) {
		return "does not match the pattern " + c.Pattern
	}
	return ""
}

// length returns the length of a value in the unit of @length: characters, bytes or elements.
func length(t schema.FieldType, value any) int {
	switch v := value.(type) {
	case string:
		if t.Scalar == schema.Bytes {
			return decodedLength(v)
		}
		return utf8.RuneCountInString(v)
	case []any:
		return len(v)
	}
	return 0
}
