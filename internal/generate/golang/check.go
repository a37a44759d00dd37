package golang

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/generate/check"
	"github.com/krowoc/krowoc/internal/generate/shape"
)

// writeChecks writes the checks of a type for a shape with some of its fields. A field that a create omits may become null.
func writeChecks(b *strings.Builder, t goType, create bool, has func(goField) bool) {
	field := func(f shape.Field) string {
		for _, own := range t.fields {
			if own.Name != f.Name || !has(own) {
				continue
			}
			value := "checked(x." + own.name + ")"
			if f.UUID() && !f.List() {
				value = "lower(" + value + ")"
			}
			if create && f.NullInCreate() {
				value = "orNull(" + value + ")"
			}
			return value
		}
		return "unknown{}"
	}
	language := check.Language[string]{
		Call: func(name string, args ...string) string {
			return "check" + strings.ToUpper(name[:1]) + name[1:] + "(" + strings.Join(args, ", ") + ")"
		},
		Field: field, String: strconv.Quote,
		Number: func(digits string) string { return "number(" + strconv.Quote(digits) + ")" },
		Bool:   strconv.FormatBool, Null: func() string { return "nil" },
		Pattern: func(re string) string { return "compiled(" + quote(re) + ")" },
		List:    func(items []string) string { return "[]any{" + strings.Join(items, ", ") + "}" },
	}
	for _, c := range check.All(t.Type) {
		written, ok := check.Write(language, t.Type, c.Check)
		if !ok {
			fmt.Fprintf(b, "\t// The database checks: %s\n", strings.Join(strings.Fields(c.Expr.Source), " "))
			continue
		}
		fmt.Fprintf(b, "\tv.check(holds(%s), %q, %q)\n", written, c.Field, c.Text())
	}
}
