package pydantic

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

// width is the line length of black and ruff.
const width = 88

// annotation is a type with its constraints.
type annotation struct {
	base  string
	rules []string
}

func (a annotation) String() string {
	if len(a.rules) == 0 {
		return a.base
	}
	return "_t.Annotated[" + a.base + ", " + strings.Join(a.rules, ", ") + "]"
}

// assignment writes the definition of an alias.
func (a annotation) assignment(name string) string {
	if line := name + " = " + a.String(); len([]rune(line)) <= width || len(a.rules) == 0 {
		return line
	}
	one := "    " + a.base + ", " + strings.Join(a.rules, ", ")
	if len([]rune(one)) <= width {
		return name + " = _t.Annotated[\n" + one + "\n]"
	}
	lines := []string{"    " + a.base + ","}
	for _, r := range a.rules {
		lines = append(lines, "    "+brokenCall(r, 4)+",")
	}
	return name + " = _t.Annotated[\n" + strings.Join(lines, "\n") + "\n]"
}

// brokenCall writes Field(a=1, b=2), on several lines if it is too long for one.
func brokenCall(call string, indent int) string {
	open := strings.IndexByte(call, '(')
	if len([]rune(call))+indent+1 <= width || open < 0 {
		return call
	}
	pad := strings.Repeat(" ", indent)
	return call[:open+1] + "\n" + pad + "    " + call[open+1:len(call)-1] + "\n" + pad + ")"
}

// value returns the type of a value that is present and not null.
func (w *writer) value(f shape.Field) (annotation, error) {
	element, err := w.element(f)
	if err != nil || !f.List() {
		return element, err
	}
	inner := element.String()
	if f.NullableElements() {
		inner += " | None"
	}
	list := annotation{base: "list[" + inner + "]"}
	if l := f.Constraints().Length; l != nil {
		list.rules = append(list.rules, lengths(l))
	}
	return list, nil
}

var scalars = map[schema.Scalar]string{
	schema.ID: "_Id", schema.String: "_String", schema.Int: "_Int", schema.Int64: "_Int64", schema.Float: "_Float", schema.Decimal: "_Decimal",
	schema.Boolean: "_Boolean", schema.Date: "_Date", schema.DateTime: "_DateTime", schema.Duration: "_Duration", schema.JSON: "_Json",
	schema.Bytes: "_Bytes", schema.Vector: "_Vector",
}

func (w *writer) element(f shape.Field) (annotation, error) {
	if e := f.Enum(); e != nil {
		return annotation{base: w.names[e]}, nil
	}
	a := annotation{base: scalars[f.Scalar()]}
	switch {
	case f.Whole():
		a.base = scalars[schema.Int64]
	case f.Scalar() == schema.ID && !f.UUID():
		a.base = scalars[schema.String]
	}
	c := f.Constraints()
	if c.Length != nil && !f.List() {
		a.rules = append(a.rules, lengths(c.Length))
	}
	if n := f.Dimensions(); n > 0 {
		a.rules = append(a.rules, fmt.Sprintf("_pd.Field(min_length=%d, max_length=%d)", n, n))
	}
	if c.Range != nil {
		a.rules = append(a.rules, bounds(f.Scalar(), c.Range))
	}
	patterns, err := f.Patterns()
	if err != nil {
		return a, err
	}
	for i, p := range patterns {
		if i > 0 { // Pydantic keeps only one pattern
			a.rules = append(a.rules, "_matching("+raw(p.Regexp)+")")
			continue
		}
		a.rules = append(a.rules, "_pd.StringConstraints(pattern="+raw(p.Regexp)+")")
	}
	return a, nil
}

func lengths(l *schema.Length) string {
	var args []string
	if l.Min != nil {
		args = append(args, "min_length="+strconv.Itoa(*l.Min))
	}
	if l.Max != nil {
		args = append(args, "max_length="+strconv.Itoa(*l.Max))
	}
	return "_pd.Field(" + strings.Join(args, ", ") + ")"
}

func bounds(scalar schema.Scalar, r *schema.Range) string {
	var args []string
	for _, end := range []struct{ name, bound string }{{"ge", r.Min}, {"le", r.Max}} {
		if end.bound != "" {
			args = append(args, end.name+"="+bound(scalar, end.bound))
		}
	}
	return "_pd.Field(" + strings.Join(args, ", ") + ")"
}

func bound(scalar schema.Scalar, text string) string {
	switch scalar {
	case schema.Decimal:
		return "_dec.Decimal(" + strconv.Quote(text) + ")"
	case schema.Date:
		if t, err := time.Parse(time.DateOnly, text); err == nil {
			return fmt.Sprintf("_dt.date(%d, %d, %d)", t.Year(), t.Month(), t.Day())
		}
	case schema.DateTime:
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			t = t.UTC()
			s := fmt.Sprintf("_dt.datetime(%d, %d, %d, %d, %d", t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute())
			if micro := t.Nanosecond() / 1000; micro > 0 || t.Second() > 0 {
				s += fmt.Sprintf(", %d", t.Second())
				if micro > 0 {
					s += fmt.Sprintf(", %d", micro)
				}
			}
			return s + ", tzinfo=_dt.UTC)"
		}
	}
	return text
}

// raw writes a pattern as a raw string if possible.
func raw(pattern string) string {
	if !strings.Contains(pattern, `"`) {
		return `r"` + pattern + `"`
	}
	if !strings.Contains(pattern, "'") {
		return `r'` + pattern + `'`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(pattern) + `"`
}
