package ddl

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// columnType returns the type of the i-th column of a field. A reference has the type of the key.
func columnType(f *schema.Field, i int) string {
	leaf := leafOf(f, i)
	name := scalar.Of(leaf.Type.Scalar, "").SQL
	switch {
	case f.DataType != "":
		name = f.DataType
	case leaf.DataType != "" && leaf != f:
		name = stored(leaf.DataType)
	case leaf.Type.Enum != nil:
		name = ident(leaf.Type.Enum.DBName)
	}
	if f.Relation == nil && f.Type.List && f.Type.Scalar != schema.Vector && f.DataType == "" {
		name += "[]"
	}
	return name
}

// stored returns the type of the values of a column. A serial type is an integer type with a default, which a reference to it does not
// have.
func stored(dataType string) string {
	if base, ok := schema.Serial(dataType); ok {
		return base
	}
	return dataType
}

// leafOf follows a reference to the field that has the values of the i-th column of the key.
func leafOf(f *schema.Field, i int) *schema.Field {
	for f.Relation != nil {
		references := f.Relation.References
		f = references[i]
		// A key field with several columns is listed once per column.
		first := i
		for first > 0 && references[first-1] == f {
			first--
		}
		i -= first
	}
	return f
}

// defaultOf returns the default of the i-th column of a field, "" when the database has none.
func (w *tableWriter) defaultOf(f *schema.Field, i int) (string, error) {
	d := f.Default
	switch {
	case d == nil && f.Implicit:
		return UUIDFunction + "()", nil
	case d == nil:
		return "", nil
	case d.SQL != "":
		return d.SQL, nil
	case d.Expr != nil:
		return w.defaultExpr(f, d.Expr), nil
	}
	sql, err := value(leafOf(f, i), f.Type.List, d.Value)
	if err != nil {
		return "", &Mistake{Position: f.Pos, Message: fmt.Sprintf("the default of %s.%s: %v", f.Owner.Name, f.Name, err)}
	}
	return sql, nil
}

// defaultExpr returns an expression as a default. It returns "" if the expression depends on the request. The API then evaluates it when it
// creates a row.
func (w *tableWriter) defaultExpr(f *schema.Field, e *schema.Expr) string {
	switch strings.ReplaceAll(e.Source, " ", "") {
	case "request.time":
		if f.Type.Scalar == schema.Date {
			return "CURRENT_DATE"
		}
		return "now()"
	case "uuidV7()":
		return UUIDFunction + "()"
	}
	return ""
}

// value returns a literal of the schema as SQL.
func value(f *schema.Field, list bool, v any) (string, error) {
	if items, ok := v.([]any); ok && list {
		return arrayLiteral(f, items)
	}
	text, err := valueText(f, v)
	if err != nil {
		return "", err
	}
	switch f.Type.Scalar {
	case schema.Int, schema.Int64, schema.Float, schema.Decimal, schema.Boolean:
		return text, nil
	}
	return literal(text), nil
}

// valueText returns a value in the text format of Postgres.
func valueText(f *schema.Field, v any) (string, error) {
	switch x := v.(type) {
	case string:
		switch {
		case f.Type.Enum != nil:
			return f.Type.Enum.Label(x), nil
		case f.Type.Scalar == schema.Bytes:
			return scalar.OfField(f).ToPostgres(x), nil
		}
		if f.Type.Scalar != schema.JSON {
			return x, nil
		}
	case bool:
		if f.Type.Scalar != schema.JSON {
			return strconv.FormatBool(x), nil
		}
	case int64, float64:
		if f.Type.Scalar != schema.JSON {
			return fmt.Sprint(x), nil
		}
	}
	encoded, err := json.Marshal(v)
	return string(encoded), err
}

// arrayLiteral returns an array or a vector of pgvector.
func arrayLiteral(f *schema.Field, items []any) (string, error) {
	open, end := "{", "}"
	if f.Type.Scalar == schema.Vector {
		open, end = "[", "]"
	}
	texts := make([]string, len(items))
	for i, item := range items {
		text, err := valueText(f, item)
		if err != nil {
			return "", err
		}
		if f.Type.Scalar != schema.Vector {
			text = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		}
		texts[i] = text
	}
	return literal(open + strings.Join(texts, ",") + end), nil
}

func number(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// bound returns a bound of @range as SQL.
func bound(f *schema.Field, text string) string {
	switch f.Type.Scalar {
	case schema.Date, schema.DateTime:
		if text != "" {
			return literal(text)
		}
	}
	return text
}

// between returns a condition with one or two bounds.
func between(value, low, high string) string {
	switch {
	case low == "":
		return value + " <= " + high
	case high == "":
		return value + " >= " + low
	case low == high:
		return value + " = " + low
	}
	return value + " BETWEEN " + low + " AND " + high
}
