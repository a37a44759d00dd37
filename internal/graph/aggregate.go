package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// A list can be summarised: its rows are counted, and functions are applied to their fields. A field that the caller is not allowed to read counts as
// null in that row, as everywhere else; see hidden.go.

// family is a set of aggregate functions that take the same fields, and whose values have the same types.
type family struct {
	name      string // of its types: Extreme in PromptAggregateExtreme
	functions []function
	takes     func(valueType) bool
	result    func(valueType) valueType
	required  bool // the value is never null
}

// function is one aggregate function.
type function struct {
	name  string
	about string
	sql   func(v valueType, operand string) string
}

// families are all aggregate functions over fields, in the order of the API.
var families = []family{
	{
		name: "Distinct", takes: valueType.comparable, result: func(valueType) valueType { return counted }, required: true,
		functions: []function{{"countDistinct", "How many different values a field has. Null is not counted.", func(v valueType, operand string) string {
			sql, _ := v.distinct(operand)
			return "count(DISTINCT " + sql + ")"
		}}},
	},
	{
		name: "Sum", takes: valueType.numeric, result: valueType.sum,
		functions: []function{{"sum", "The sum of the values of a field that are not null, or null if there are none.", statistic("sum")}},
	},
	{
		name: "Average", takes: valueType.numeric, result: valueType.average,
		functions: []function{
			{"avg", "The mean of the values of a field that are not null.", statistic("avg")},
			{"stddev", "The sample standard deviation of the values of a field. It is null for fewer than two values.", statistic("stddev_samp")},
		},
	},
	{
		name: "Extreme", takes: valueType.extremes, result: func(v valueType) valueType { return v },
		functions: []function{
			{"min", "The smallest value of a field.", extreme("min")},
			{"max", "The greatest value of a field.", extreme("max")},
		},
	},
}

// counted is the type of a number of rows: Postgres counts in bigint.
var counted = valueType{scalar: schema.Int, dataType: "bigint"}

// functionOf returns an aggregate function and its family by name.
func functionOf(name string) (family, function, bool) {
	for _, f := range families {
		if i := slices.IndexFunc(f.functions, func(fn function) bool { return fn.name == name }); i >= 0 {
			return f, f.functions[i], true
		}
	}
	return family{}, function{}, false
}

// fields returns the fields of an object that the functions of a family take.
func (f family) fields(o *object) (list []*field) {
	for _, candidate := range o.fields {
		if candidate.target == nil && f.takes(candidate.value) {
			list = append(list, candidate)
		}
	}
	return list
}

// comparable reports whether equal values can be told, so that rows can be grouped by them.
func (v valueType) comparable() bool {
	return !v.list && v.scalar != schema.JSON && v.scalar != schema.Vector
}

// numeric reports whether values can be added.
func (v valueType) numeric() bool {
	return !v.list && v.enum == nil && slices.Contains([]schema.Scalar{schema.Int, schema.Int64, schema.Float, schema.Decimal}, v.scalar)
}

// extremes reports whether Postgres has min and max for the values.
func (v valueType) extremes() bool {
	switch {
	case v.list:
		return false
	case v.enum != nil, v.numeric():
		return true
	case v.scalar == schema.String:
		return scalar.Of(v.scalar, v.dataType).IsText()
	}
	return slices.Contains([]schema.Scalar{schema.Date, schema.DateTime, schema.Duration}, v.scalar)
}

// distinct returns SQL by which Postgres groups the values of a column, and their type. Not every type of Postgres has an order to group by.
func (v valueType) distinct(column string) (string, valueType) {
	if n := v.nature(); n == unknown || n == textual {
		return "(" + column + ")::text", valueType{scalar: schema.String}
	}
	return v.operand(column), v
}

// sum is the type of a sum of values: the sum of integers of one size may need the next one.
func (v valueType) sum() valueType {
	switch v.scalar {
	case schema.Int:
		return valueType{scalar: schema.Int64}
	case schema.Int64:
		return valueType{scalar: schema.Decimal}
	}
	return valueType{scalar: v.scalar}
}

// average is the type of a mean of values.
func (v valueType) average() valueType {
	if v.scalar == schema.Float {
		return valueType{scalar: schema.Float}
	}
	return valueType{scalar: schema.Decimal}
}

// statistic returns the SQL of a function over numbers.
func statistic(name string) func(valueType, string) string {
	return func(v valueType, operand string) string {
		if v.scalar == schema.Float {
			return asFloat(name + "((" + operand + ")::text::numeric)")
		}
		if v.dataType != "" { // a domain, for example
			operand = "(" + operand + ")::" + scalar.Of(v.scalar, "").SQL
		}
		sql := name + "(" + operand + ")"
		if name == "sum" {
			return sql
		}
		return "trim_scale(" + sql + ")" // a quotient has zeros at its end
	}
}

// asFloat returns SQL for a numeric as a Float. Floats are added as decimals: the result does not depend on the order of the rows, and no sum is an
// error, because a numeric does not overflow. What no Float can hold is infinite, or 0.
func asFloat(numeric string) string {
	const greatest, smallest = "1.7976931348623157e308", "2.5e-324"
	return "CASE WHEN " + numeric + " = 'NaN' THEN 'NaN' WHEN " + numeric + " > " + greatest + " THEN 'Infinity' WHEN " + numeric + " < -" + greatest +
		" THEN '-Infinity' WHEN abs(" + numeric + ") < " + smallest + " THEN 0 ELSE " + numeric + "::float8 END"
}

func extreme(name string) func(valueType, string) string {
	return func(v valueType, operand string) string {
		if v.enum != nil {
			operand = v.operand("(" + operand + ")")
		}
		return name + "(" + operand + ")"
	}
}
