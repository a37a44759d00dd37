package graph

import (
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// A String can be stored as any type of Postgres, such as inet, a range or a composite type. Clients read and write the text form of
// its values.

// nature is what comparisons in SQL need for the values of a column.
type nature int

const (
	plain    nature = iota // a parameter takes the type of the column by itself
	narrowed               // an enum in a domain, which the operators of enums do not take, or in a text
	unknown                // a type that has operators, but no parameters where it is composite
	textual                // a type without operators that compare values: texts are compared
)

// builtIn are types with operators that take parameters; without are those without operators for equality, or with one that
// compares areas or lengths.
var (
	builtIn = strings.Fields(`inet cidr macaddr macaddr8 uuid money bit varbit time timetz timestamp timestamptz date interval numeric
		decimal int2 int4 int8 smallint integer int bigint float4 float8 real boolean bool bytea oid regclass jsonb tsvector tsquery pg_lsn
		int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange nummultirange tsmultirange tstzmultirange
		datemultirange ltree`)
	without = strings.Fields("json xml jsonpath point line lseg box path polygon circle")

	typeName = regexp.MustCompile(`^[a-z0-9_]+`)
)

func (v valueType) nature() nature {
	text := scalar.Of(schema.String, v.dataType).IsText()
	switch {
	case v.enum != nil && !text && !v.list:
		return narrowed
	case v.enum != nil, v.scalar != schema.String, text:
		return plain
	}
	switch name := typeName.FindString(v.dataType); {
	case slices.Contains(without, name), strings.HasSuffix(v.dataType, "]") && !v.list: // there are no arrays of arrays for in
		return textual
	case slices.Contains(builtIn, name):
		return plain
	}
	return unknown
}

// unordered reports whether the values are equal or not, and no more.
func (v valueType) unordered() bool { return typeName.FindString(v.dataType) == "hstore" }

// operand returns SQL for a column in a comparison.
func (v valueType) operand(column string) string {
	switch v.nature() {
	case narrowed:
		return column + "::" + ident(v.enum.DBName)
	case textual:
		return column + "::text" + v.brackets()
	case unknown:
		if !v.list { // the base type of a domain, since the operators of enums do not take one; the planner removes the call
			return "coalesce(" + column + ", NULL)"
		}
	}
	return column
}

// parameter returns SQL for a parameter, or an array of them, that is compared with a column.
func (v valueType) parameter(param, column string, f form) string {
	// The branch that is not taken gives the parameter the type of the column; a cast could not name the base type of a domain, and
	// would fail for values that the domain does not allow.
	like := func(p, column string) string { return "CASE WHEN true THEN " + p + " ELSE " + column + " END" }
	switch v.nature() {
	case textual:
		if f == asArray {
			return param + "::text[]"
		}
		return param + "::text"
	case unknown:
		switch {
		case v.list:
		case f == asArray:
			return like(param, "ARRAY["+like("NULL", column)+"]")
		default:
			return like(param, column)
		}
	}
	return param
}

func (v valueType) brackets() string {
	if v.list {
		return "[]"
	}
	return ""
}

// nullTest returns SQL for what is null where the column is null in an answer. A composite value is null to SQL if all of its fields are,
// and the null of JSON is not null to SQL.
func (v valueType) nullTest(column string) string {
	if v.scalar == schema.JSON && !v.list {
		return "nullif(" + column + "::jsonb, 'null')"
	}
	if v.nature() == unknown && !v.list {
		return column + "::text"
	}
	return column
}
