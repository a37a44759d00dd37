package pydantic

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/krowoc/krowoc/internal/generate/check"
	"github.com/krowoc/krowoc/internal/generate/shape"
)

// checkRuntime is the code that expressions of @check need.
//
//go:embed check.py
var checkRuntime string

// checks writes the checks of a class. member returns the attribute of a field, or "" if the class does not have it.
func (w *writer) checks(s shape.Type, class string, create bool, member func(shape.Field) string) {
	all := check.All(s)
	if len(all) == 0 {
		return
	}
	language := check.Language[string]{
		Call: func(name string, args ...string) string { return "_" + name + "(" + strings.Join(args, ", ") + ")" },
		Field: func(f shape.Field) string {
			name := member(f)
			if name == "" {
				return "_UNKNOWN"
			}
			value := "_of(self, " + quote(name) + ")"
			if create && f.NullInCreate() {
				value = "_of(self, " + quote(name) + ", None)"
			}
			if f.Whole() {
				value = "_digits(" + value + ")"
			}
			return value
		},
		String:  quote,
		Number:  func(digits string) string { return "_Fraction(" + quote(digits) + ")" },
		Bool:    boolean,
		Null:    func() string { return "None" },
		Pattern: raw,
		List:    func(items []string) string { return "[" + strings.Join(items, ", ") + "]" },
	}
	w.line("\n    @_pd.model_validator(mode=\"after\")\n    def _check(self) -> %s:\n        # fmt: off", class)
	for _, c := range all {
		written, ok := check.Write(language, s, c.Check)
		if !ok {
			w.line("        # The database checks: %s", strings.Join(strings.Fields(c.Expr.Source), " "))
			continue
		}
		message := c.Text()
		if c.Field != "" {
			message = c.Field + ": " + message
		}
		w.line("        _hold(%s, %s)", written, quote(message))
	}
	w.line("        # fmt: on\n        return self")
}

func boolean(v bool) string {
	if v {
		return "True"
	}
	return "False"
}

// quote writes a string; the JSON form is valid Python.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string
	return strings.TrimSuffix(b.String(), "\n")
}
