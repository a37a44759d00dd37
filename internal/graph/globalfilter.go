package graph

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/schema"
)

// globalFilter returns the condition of a filter of global IDs.
func (b *builder) globalFilter(o *object, alias string, filter arg) (string, error) {
	if _, err := b.keyRule(o, alias); err != nil { // which holds, and may ask for a recent log-in
		return "", err
	}
	var all []string
	for _, f := range filter.fields {
		if f.value.null {
			return "", invalid("where: "+globalID+"."+f.name+" cannot be null", "leave it out")
		}
		if err := b.grow(); err != nil {
			return "", err
		}
		condition, err := b.globalOperator(o, alias, f)
		if err != nil {
			return "", err
		}
		all = append(all, condition)
	}
	return conjunction(all), nil
}

func (b *builder) globalOperator(o *object, alias string, f argField) (string, error) {
	if f.name == "isNull" {
		return boolText(f.value.known == false), nil
	}
	form, same := asScalar, "(%s) = (%s)"
	if f.name == "in" || f.name == "notIn" {
		form, same = asArray, "(%s) IN (SELECT * FROM unnest(%s))"
	}
	var columns, values []string
	for i, k := range o.key {
		p := o.keyParam(i, f.value.input)
		p.form = form
		value, err := b.clientValue(p)
		if err != nil {
			return "", err
		}
		if form == asArray {
			value += "::" + k.value.sqlType() + "[]"
		}
		columns, values = append(columns, alias+"."+ident(k.column)), append(values, value)
	}
	condition := fmt.Sprintf(same, join(columns, ", "), join(values, ", "))
	if f.name == "ne" || f.name == "notIn" {
		return "NOT (" + condition + ")", nil
	}
	return condition, nil
}

// globalFilter prints the filter of global IDs.
func (p *sdlPrinter) globalFilter(o *object) {
	if o.global {
		p.line("  id: %s", p.use(valueType{scalar: schema.ID}))
	}
}
