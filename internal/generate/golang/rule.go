package golang

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// rule writes the validation function of a field.
func (m *model) rule(b *strings.Builder, f goField) error {
	if !m.ruled(f) {
		return nil
	}
	var body, patterns strings.Builder
	element := "value"
	path := strconv.Quote(f.Name)
	if f.List() {
		if l := f.Constraints().Length; l != nil {
			fmt.Fprintf(&body, "\tv.length(%s, len(value), %s, %q)\n", path, limits(l), l.Describe(f.Source.Type))
		}
		element = "element"
	}
	checks, err := elementChecks(&patterns, f, element, path)
	if err != nil {
		return err
	}
	b.WriteString(patterns.String())
	if f.List() && checks != "" {
		fmt.Fprintf(&body, "\tfor i, element := range value {\n")
		checks = indented(strings.ReplaceAll(checks, path, "at("+path+", i)"), "\t\t")
		if f.NullableElements() {
			fmt.Fprintf(&body, "\t\tif element == nil {\n\t\t\tcontinue\n\t\t}\n\t\telement := *element\n")
		}
		fmt.Fprintf(&body, "%s\t}\n", checks)
	} else {
		body.WriteString(indented(checks, "\t"))
	}
	fmt.Fprintf(b, "\nfunc %s(v *violations, value %s) {\n%s}\n", f.rule, f.value(), body.String())
	return nil
}

// indented indents every line.
func indented(lines, indent string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		b.WriteString(indent + line)
	}
	return b.String()
}

// elementChecks writes the checks of one value.
func elementChecks(patterns *strings.Builder, f goField, x, path string) (string, error) {
	var b strings.Builder
	c := f.Constraints()
	switch {
	case f.Enum() != nil:
		fmt.Fprintf(&b, "v.check(%s.Valid(), %s, %q)\n", x, path, "must be one of "+enumNames(f.Enum()))
	case f.Whole():
		fmt.Fprintf(&b, "v.check(wholePattern.MatchString(%s), %s, \"must be an integer, as a string\")\n", x, path)
	case f.UUID():
		fmt.Fprintf(&b, "v.check(uuidPattern.MatchString(%s), %s, \"must be a UUID\")\n", x, path)
	case f.Scalar() == schema.Decimal:
		fmt.Fprintf(&b, "v.check(%s.Valid(), %s, \"must be a decimal number\")\n", x, path)
	case f.Scalar() == schema.JSON:
		fmt.Fprintf(&b, "v.check(json.Valid(%[1]s) && holdsEscapes(%[1]s), %[2]s, \"must be JSON without the character U+0000\")\n", x, path)
	case f.Scalar() == schema.Date:
		fmt.Fprintf(&b, "v.check(validYear(%s.Year), %s, \"must be a date of the years 1 to 9999\")\n", x, path)
	case f.Scalar() == schema.DateTime:
		fmt.Fprintf(&b, "v.check(validYear(%s.UTC().Year()), %s, \"must be a time of the years 1 to 9999\")\n", x, path)
	case f.Scalar() == schema.String, f.Scalar() == schema.ID:
		fmt.Fprintf(&b, "v.check(validText(%s), %s, \"must be text without the character U+0000\")\n", x, path)
	}
	if n := f.Dimensions(); n > 0 {
		fmt.Fprintf(&b, "v.length(%s, len(%s), %d, %d, \"exactly %d dimensions\")\n", path, x, n, n, n)
	}
	if l := c.Length; l != nil && !f.List() {
		size := "utf8.RuneCountInString"
		if f.Scalar() == schema.Bytes {
			size = "len"
		}
		fmt.Fprintf(&b, "v.length(%s, %s(%s), %s, %q)\n", path, size, x, limits(l), l.Describe(f.Source.Type))
	}
	if r := c.Range; r != nil {
		for _, end := range []struct{ bound, op, message string }{{r.Min, ">=", "must be at least "}, {r.Max, "<=", "must be at most "}} {
			if end.bound != "" {
				fmt.Fprintf(&b, "v.check(%s, %s, %q)\n", comparison(f, x, end.op, end.bound), path, end.message+end.bound)
			}
		}
	}
	list, err := f.Patterns()
	if err != nil {
		return "", err
	}
	for i, p := range list {
		name := f.pattern
		if i > 0 {
			name += "_"
		}
		message := "must match the pattern " + c.Pattern
		if p.Of != "" {
			message = "must be a valid " + p.Of
		}
		fmt.Fprintf(patterns, "\nvar %s = regexp.MustCompile(%s)\n", name, quote(p.Regexp))
		fmt.Fprintf(&b, "v.check(%s.MatchString(%s), %s, %q)\n", name, x, path, message)
	}
	return b.String(), nil
}

// comparison writes the comparison of a value with a limit of @range.
func comparison(f goField, x, op, bound string) string {
	switch f.Scalar() {
	case schema.Decimal, schema.ID:
		return fmt.Sprintf("compareDecimals(string(%s), %q) %s 0", x, bound, op)
	case schema.Date:
		return fmt.Sprintf("%s.Compare(dateOf(%q)) %s 0", x, bound, op)
	case schema.DateTime:
		return fmt.Sprintf("%s.Compare(timeOf(%q)) %s 0", x, bound, op)
	}
	if f.Scalar() != schema.Float && strings.ContainsAny(bound, ".eE") {
		return fmt.Sprintf("float64(%s) %s %s", x, op, bound)
	}
	return fmt.Sprintf("%s %s %s", x, op, bound)
}

// limits writes the limits of a length; -1 is no limit.
func limits(l *schema.Length) string {
	end := func(n *int) string {
		if n == nil {
			return "-1"
		}
		return strconv.Itoa(*n)
	}
	return end(l.Min) + ", " + end(l.Max)
}

// enumNames lists the values of an enum.
func enumNames(e *schema.Enum) string {
	names := make([]string, len(e.Values))
	for i, v := range e.Values {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}

// quote writes a string as a raw literal if possible.
func quote(text string) string {
	if strconv.CanBackquote(text) {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}
