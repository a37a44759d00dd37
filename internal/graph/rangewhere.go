package graph

import (
	"github.com/krowoc/krowoc/internal/schema"
)

// rangeOperators compare a range with another one. See https://www.postgresql.org/docs/current/functions-range.html.
var rangeOperators = map[string]string{
	"contains": "@>", "containedIn": "<@", "overlaps": "&&", "adjacent": "-|-", "before": "<<", "after": ">>",
}

// ranges are the types of ranges and multiranges, with that of a value in them.
var ranges = map[string]valueType{
	"int4range": intType, "int8range": {scalar: schema.Int64}, "numrange": {scalar: schema.Decimal}, "daterange": {scalar: schema.Date},
	"tsrange": {scalar: schema.DateTime, dataType: "timestamp"}, "tstzrange": {scalar: schema.DateTime},
	"int4multirange": intType, "int8multirange": {scalar: schema.Int64}, "nummultirange": {scalar: schema.Decimal}, "datemultirange": {scalar: schema.Date},
	"tsmultirange": {scalar: schema.DateTime, dataType: "timestamp"}, "tstzmultirange": {scalar: schema.DateTime},
}

// rangeOf returns the type of a value in a range; false for what is no range.
func (v valueType) rangeOf() (within valueType, ok bool) {
	if v.scalar != schema.String || v.list {
		return valueType{}, false
	}
	within, ok = ranges[v.dataType]
	return within, ok
}

// rangeOperator returns the condition of an operator on a range; "" for one that every type has.
func (b *builder) rangeOperator(v valueType, column string, f argField) (string, error) {
	within, isRange := v.rangeOf()
	operator, typ := rangeOperators[f.name], v.dataType
	switch {
	case !isRange:
		return "", nil
	case f.name == "isEmpty":
		return "isempty(" + column + ") = " + boolText(f.value.known != false), nil
	case f.name == "has":
		operator, v, typ = "@>", within, within.sqlType()
	case operator == "":
		return "", nil
	}
	value, err := b.clientValue(Param{Kind: Variable, input: f.value.input, value: v})
	return column + " " + operator + " " + value + "::" + typ, err
}

// rangeFilter prints the conditions on a range.
func (p *sdlPrinter) rangeFilter(within valueType) {
	p.describe("  ", "A value in the range.")
	p.line("  has: %s", within.name())
	p.line("  contains: String\n  containedIn: String\n  overlaps: String")
	p.describe("  ", "The ranges touch, and have no value in common.")
	p.line("  adjacent: String")
	p.describe("  ", "Every value is before those of the other range.")
	p.line("  before: String\n  after: String\n  isEmpty: Boolean")
}
