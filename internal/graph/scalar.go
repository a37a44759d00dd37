package graph

import (
	"strings"

	"github.com/krowoc/krowoc/internal/pg/celsql"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// valueType is what a column holds.
type valueType struct {
	scalar   schema.Scalar
	enum     *schema.Enum
	list     bool
	elemNull bool   // a list may hold nulls
	dataType string // the Postgres type where it is not the usual one
	trigrams bool   // an index holds its trigrams
}

func valueOf(f *schema.Field) valueType {
	return valueType{scalar: f.Type.Scalar, enum: f.Type.Enum, list: f.Type.List,
		elemNull: f.Type.List && !f.Type.ElemNonNull, dataType: strings.ToLower(f.DataType)}
}

// name is the GraphQL name of the type of one element.
func (v valueType) name() string {
	if v.enum != nil {
		return v.enum.Name
	}
	return string(v.scalar)
}

// labelled reports whether the value is of an enum that Postgres has other words for.
func (v valueType) labelled() bool { return v.enum != nil && len(v.enum.Labelled()) > 0 }

// ordered reports whether the values have an order that clients may use.
func (v valueType) ordered() bool {
	if v.list {
		return false
	}
	switch v.scalar {
	case schema.JSON, schema.Bytes, schema.Vector:
		return false
	}
	return true
}

// writeJSON appends the JSON of a column's value to t. The SQL is never null: a null in a concatenation
// would swallow the whole object.
func (v valueType) writeJSON(t *text, column string) {
	if v.list {
		t.expr("coalesce(" + v.listJSON(column) + ", 'null')")
		return
	}
	expr, quoted := v.elementJSON(column)
	if quoted {
		expr = `'"' || ` + expr + ` || '"'`
	}
	t.expr("coalesce(" + expr + ", 'null')")
}

// elementJSON returns SQL for the JSON of one value; quoted says that it still needs quotes around it.
func (v valueType) elementJSON(column string) (expr string, quoted bool) {
	switch {
	case v.labelled(): // a label that the schema does not know can contain anything
		return "to_json(" + celsql.EnumName(v.enum, column) + ")::text", false
	case v.enum != nil:
		return column + "::text", true
	}
	return scalar.Of(v.scalar, v.dataType).JSONExpr(column)
}

// listJSON returns SQL for a JSON array, or null.
func (v valueType) listJSON(column string) string {
	switch v.scalar {
	case schema.Int64, schema.Decimal, schema.Float, schema.Date, schema.DateTime, schema.Duration, schema.Bytes, schema.JSON:
	default:
		switch {
		case v.labelled():
			column = celsql.EnumNames(v.enum, column)
		case v.scalar == schema.String && !scalar.Of(v.scalar, v.dataType).IsText():
			column += "::text[]"
		}
		return "to_json(" + column + ")::text"
	}
	expr, quoted := v.elementJSON("u.v")
	if quoted {
		expr = `'"' || ` + expr + ` || '"'`
	}
	return "CASE WHEN " + column + " IS NOT NULL THEN (SELECT '[' || coalesce(string_agg(coalesce(" + expr +
		", 'null'), ',' ORDER BY u.n), '') || ']' FROM unnest(" + column + ") WITH ORDINALITY u(v, n)) END"
}
