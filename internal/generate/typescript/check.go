package typescript

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/generate/check"
	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema"
)

// checkRuntime is the code that expressions of @check need.
//
//go:embed check.ts
var checkRuntime string

// renamed are functions whose names are reserved words of JavaScript.
var renamed = map[string]string{"in": "isIn"}

// language writes expressions over x, a value of a shape; create tells whether absent fields become null.
func (w *writer) language(create bool, has func(shape.Field) bool) check.Language[node] {
	return check.Language[node]{
		Call: func(name string, args ...node) node {
			if other := renamed[name]; other != "" {
				name = other
			}
			return call{name: "$" + name, args: args}
		},
		Field:  func(f shape.Field) node { return fieldValue(f, create, has) },
		String: func(s string) node { return text(quote(s)) },
		Number: func(digits string) node { return text("$num(" + quote(digits) + ")") },
		Bool:   func(v bool) node { return text(fmt.Sprint(v)) }, Null: func() node { return text("null") },
		Pattern: func(re string) node { return text(regexpLiteral(re)) },
		List:    func(items []node) node { return list(items) },
	}
}

// fieldValue writes a field, converted for an expression.
func fieldValue(f shape.Field, create bool, has func(shape.Field) bool) node {
	if !has(f) {
		return text("undefined")
	}
	value := "x." + f.Name
	if create && f.NullInCreate() {
		value += " ?? null"
	}
	convert := map[schema.Scalar]string{
		schema.Int: "$num", schema.Int64: "$num", schema.Decimal: "$num", schema.Date: "$at", schema.DateTime: "$at",
		schema.Bytes: "$sized", schema.ID: "$id",
	}[f.Scalar()]
	switch {
	case convert == "", f.Scalar() == schema.ID && !f.UUID():
		return text(value)
	case f.List():
		return call{name: "$items", args: []node{text(value), text(convert)}}
	}
	return call{name: convert, args: []node{text(value)}}
}

// checks writes the checks of a shape as a constant.
func (w *writer) checks(s shape.Type, name string, create bool, has func(shape.Field) bool) {
	w.line("\nconst $%sChecks: $Checks<typeof $%sShape> = [", name, name)
	for _, c := range check.All(s) {
		written, ok := check.Write(w.language(create, has), s, c.Check)
		if !ok {
			w.line("  // The database checks: %s", strings.Join(strings.Fields(c.Expr.Source), " "))
			continue
		}
		path := list{}
		if c.Field != "" {
			path = append(path, text(quote(c.Field)))
		}
		w.line("  {")
		for _, p := range []property{{"message", text(quote(c.Text()))}, {"path", path}, {"holds", arrow{"(x)", written}}} {
			line := "    " + p.flat() + ","
			if len([]rune(line)) > width {
				line = "    " + p.name + ":"
				if a, ok := p.value.(arrow); ok {
					line += " " + a.broken(4, width) + ","
				} else {
					line += "\n      " + p.value.flat() + ","
				}
			}
			w.line("%s", line)
		}
		w.line("  },")
	}
	w.line("];")
}

// arrow is a function of one expression.
type arrow struct {
	head string
	body node
}

func (a arrow) flat() string { return a.head + " => " + a.body.flat() }
func (a arrow) broken(indent, _ int) string {
	return a.head + " =>\n" + strings.Repeat(" ", indent+2) + fit(a.body, indent+2, width-indent-2)
}
