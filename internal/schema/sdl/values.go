package sdl

import (
	"encoding/base64"
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// scalarValue returns the Go value of a literal, in the form of schema.Default, or the problem with it.
func scalarValue(s schema.Scalar, v *ast.Value) (value any, problem string) {
	switch s {
	case schema.Int, schema.Int64:
		return intValue(s, v)
	case schema.Float:
		f, err := strconv.ParseFloat(v.Raw, 64)
		if (v.Kind != ast.IntValue && v.Kind != ast.FloatValue) || err != nil || math.IsInf(f, 0) {
			return nil, "it is " + kindName(v.Kind)
		}
		return f, ""
	case schema.Boolean:
		if v.Kind != ast.BooleanValue {
			return nil, "it is " + kindName(v.Kind)
		}
		return v.Raw == "true", ""
	case schema.Decimal:
		canonical, ok := scalar.Of(s, "").Canonical(v.Raw)
		if (v.Kind != ast.IntValue && v.Kind != ast.FloatValue && v.Kind != ast.StringValue) || !ok {
			return nil, "it is " + kindName(v.Kind)
		}
		return canonical, ""
	case schema.JSON:
		return jsonValue(v)
	case schema.Vector:
		return vectorValue(v)
	}
	if v.Kind != ast.StringValue && v.Kind != ast.BlockValue {
		return nil, "it is " + kindName(v.Kind)
	}
	canonical, ok := scalar.Of(s, "").Canonical(v.Raw)
	if !ok {
		return nil, problems[s]
	}
	return canonical, ""
}

// problems say what is wrong with a string that is no value of a scalar.
var problems = map[schema.Scalar]string{
	schema.ID: "it is not a UUID", schema.String: "Postgres cannot store the NUL character", schema.Date: "it is not a calendar date (YYYY-MM-DD)",
	schema.DateTime: "it is not an RFC 3339 time", schema.Duration: "it is not an ISO 8601 duration", schema.Bytes: "it is not base64",
}

func intValue(s schema.Scalar, v *ast.Value) (any, string) {
	if v.Kind == ast.FloatValue {
		return nil, "it has a fractional part"
	}
	if v.Kind != ast.IntValue {
		return nil, "it is " + kindName(v.Kind)
	}
	bits := 64
	if s == schema.Int {
		bits = 32
	}
	n, err := strconv.ParseInt(v.Raw, 10, bits)
	if err != nil {
		return nil, "it does not fit in " + strconv.Itoa(bits) + " bits"
	}
	return n, ""
}

func decodedLength(base64Text string) int {
	raw, _ := base64.StdEncoding.DecodeString(base64Text)
	return len(raw)
}

// jsonValue reads any literal as JSON: numbers become int64 or float64, objects maps.
func jsonValue(v *ast.Value) (any, string) {
	switch v.Kind {
	case ast.NullValue:
		return nil, ""
	case ast.IntValue:
		return intValue(schema.Int64, v)
	case ast.FloatValue:
		return scalarValue(schema.Float, v)
	case ast.BooleanValue:
		return v.Raw == "true", ""
	case ast.StringValue, ast.BlockValue:
		return scalarValue(schema.String, v)
	case ast.ListValue:
		list := make([]any, 0, len(v.Children))
		for _, c := range v.Children {
			item, problem := jsonValue(c.Value)
			if problem != "" {
				return nil, problem
			}
			list = append(list, item)
		}
		return list, ""
	case ast.ObjectValue:
		object := map[string]any{}
		for _, c := range v.Children {
			item, problem := jsonValue(c.Value)
			if problem != "" {
				return nil, problem
			}
			if _, twice := object[c.Name]; twice {
				return nil, strconv.Quote(c.Name) + " is given twice"
			}
			object[c.Name] = item
		}
		return object, ""
	}
	return nil, "strings must be in quotes"
}

func vectorValue(v *ast.Value) (any, string) {
	if v.Kind != ast.ListValue {
		return nil, "it is " + kindName(v.Kind)
	}
	list := make([]any, 0, len(v.Children))
	for _, c := range v.Children {
		f, problem := scalarValue(schema.Float, c.Value)
		if problem != "" {
			return nil, "one of its elements is " + kindName(c.Value.Kind)
		}
		list = append(list, f)
	}
	return list, ""
}

// exampleOf returns the remedy that shows how to write a literal of the scalar.
func exampleOf(s schema.Scalar) string {
	switch s {
	case schema.ID:
		return `write a UUID in quotes, or use @default(expr: "uuidV7()")`
	case schema.Int, schema.Int64:
		return "write a whole number, for example 10"
	case schema.Float:
		return "write a number, for example 0.5"
	case schema.Decimal:
		return `write a number, in quotes if it has many digits: "0.0001"`
	case schema.Boolean:
		return "write true or false"
	case schema.Date:
		return `write a date in quotes, for example "2026-01-31"`
	case schema.DateTime:
		return `write a time in quotes, for example "2026-01-31T12:00:00Z", or use @default(expr: "request.time")`
	case schema.Duration:
		return `write a duration in quotes, for example "PT15M"`
	case schema.Bytes:
		return "write base64 text in quotes"
	case schema.Vector:
		return "write a list of numbers, for example [0.1, 0.2]"
	case schema.JSON:
		return `write JSON as a GraphQL literal, for example { theme: "dark", size: 2 }`
	}
	return "write a string in quotes"
}
