package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/scalar"
)

// What a service answers is checked against the type of its field, so that clients can rely on the API whatever happens behind it. Errors have no
// values, because they are logged.

// Value returns the JSON of a field whose service has answered, with the fields that the client has selected.
func (c *Call) Value(answer []byte) ([]byte, error) {
	value, err := decodeAnswer(answer)
	if err != nil {
		return nil, err
	}
	if err := c.checkShape(value); err != nil || value == nil {
		return []byte("null"), err
	}
	if !c.Field.Type.List {
		return c.one(value)
	}
	return listJSON(value.([]any), c.one) //nolint:forcetypeassert // checkShape has seen the list
}

// listJSON returns the JSON of a list whose elements one returns.
func listJSON(items []any, one func(any) ([]byte, error)) ([]byte, error) {
	out := []byte{'['}
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		json, err := one(item)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		out = append(out, json...)
	}
	return append(out, ']'), nil
}

// Keys returns the parts of the keys of the rows that a service has answered with, each as an array of Postgres.
func (c *Call) Keys(answer []byte) ([]string, error) {
	value, err := decodeAnswer(answer)
	if err == nil {
		err = c.checkShape(value)
	}
	if err != nil {
		return nil, err
	}
	var items []any
	switch {
	case c.Field.Type.List:
		items, _ = value.([]any)
	case value != nil:
		items = []any{value}
	}
	parts := make([]strings.Builder, len(c.key))
	for i, item := range items {
		for n, k := range c.key {
			part, err := c.keyPart(item, k)
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", i, err)
			}
			if i > 0 {
				parts[n].WriteByte(',')
			}
			parts[n].WriteString(`"` + arrayEscaper.Replace(part) + `"`)
		}
	}
	keys := make([]string, len(parts))
	for n := range parts {
		keys[n] = "{" + parts[n].String() + "}"
	}
	return keys, nil
}

// keyPart returns a part of the key of a row, as Postgres takes it. A key of one part may stand alone.
func (c *Call) keyPart(item any, k *field) (string, error) {
	object, isObject := item.(map[string]any)
	switch {
	case isObject:
		item = object[k.name]
	case len(c.key) > 1:
		return "", fmt.Errorf("it must be an object with the key of %s; it is %s", c.Field.Type.Object.Name, describeJSON(item))
	}
	if _, err := k.value.answerJSON(item); err != nil {
		return "", fmt.Errorf("%s: %w", k.name, err)
	}
	text, err := k.value.encode(item)
	if err != nil {
		return "", fmt.Errorf("%s is not a valid %s", k.name, k.value.name())
	}
	return text, nil
}

// decodeAnswer reads the one value of an answer.
func decodeAnswer(answer []byte) (value any, err error) {
	value, isAlone, err := decodeJSON(answer)
	switch {
	case err != nil:
		return nil, errors.New("it is not valid JSON")
	case !isAlone:
		return nil, errors.New("it has more than one JSON value")
	}
	if !scalar.Paired(answer) {
		return nil, errors.New("a string has half of a surrogate pair")
	}
	return value, nil
}

// checkShape checks whether the answer is null, a list or one value, as the type of the field is.
func (c *Call) checkShape(value any) error {
	t := c.Field.Type
	items, isList := value.([]any)
	switch {
	case value == nil && t.NonNull:
		return fmt.Errorf("it must be %s; it is null", t)
	case value == nil || !t.List:
		return nil
	case !isList:
		return fmt.Errorf("it must be %s; it is %s", t, describeJSON(value))
	case len(items) > c.most:
		return fmt.Errorf("the list has %d elements; at most %d are allowed", len(items), c.most)
	case t.ElemNonNull && slices.Contains(items, nil):
		return fmt.Errorf("it must be %s; an element is null", t)
	}
	return nil
}

// one returns the JSON of one value of the type.
func (c *Call) one(value any) ([]byte, error) {
	t := c.Field.Type
	if value == nil {
		return []byte("null"), nil
	}
	if t.Object == nil {
		return valueType{scalar: t.Scalar, enum: t.Enum}.answerJSON(value)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it must be an object of type %s; it is %s", t.Object.Name, describeJSON(value))
	}
	out := []byte{'{'}
	for i, f := range c.fields {
		member, err := memberJSON(t.Object, f.Name, object)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, "%q:%s", f.Alias, member)
	}
	return append(out, '}'), nil
}

// memberJSON returns the JSON of a field of an object.
func memberJSON(t *schema.Type, name string, object map[string]any) ([]byte, error) {
	if name == "__typename" {
		return json.Marshal(t.Name)
	}
	f := t.Field(name)
	value := object[name]
	switch {
	case value == nil && f.Type.NonNull:
		return nil, fmt.Errorf("it must be %s; it is null or missing", f.Type)
	case value == nil:
		return []byte("null"), nil
	}
	return valueOf(f).answerJSON(value)
}

// argumentJSON returns the canonical JSON of a value that a client gave.
func (v valueType) argumentJSON(value any) ([]byte, error) {
	if v.list && v.scalar != schema.Vector {
		value = asList(value)
	}
	return v.answerJSON(jsonNumbers(value))
}

// jsonNumbers makes numbers of variables what numbers of JSON are here.
func jsonNumbers(value any) any {
	switch value := value.(type) {
	case int, int64, float64:
		text, _ := plainText(value)
		return json.Number(text)
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = jsonNumbers(item)
		}
		return out
	}
	return value
}

// answerJSON returns the canonical JSON of a value of JSON, or why it is not of the type.
func (v valueType) answerJSON(value any) ([]byte, error) {
	if !v.list || v.scalar == schema.Vector {
		return v.elementOfJSON(value)
	}
	items, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("it must be a list of %s; it is %s", v.name(), describeJSON(value))
	}
	return listJSON(items, func(item any) ([]byte, error) {
		if item == nil && v.elemNull {
			return []byte("null"), nil
		}
		return v.elementOfJSON(item)
	})
}

func (v valueType) elementOfJSON(value any) ([]byte, error) {
	if !v.takes(value) {
		return nil, fmt.Errorf("it must be %s; it is %s", v.name(), describeJSON(value))
	}
	if v.enum != nil {
		if name, _ := value.(string); v.enum.Has(name) {
			return json.Marshal(name)
		}
		return nil, fmt.Errorf("it is no value of %s", v.enum.Name)
	}
	var text string
	switch v.scalar {
	case schema.JSON, schema.Vector:
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, errors.New("it is not valid JSON")
		}
		text = string(raw)
	default:
		text, _ = plainText(value)
	}
	t := scalar.Of(v.scalar, v.dataType)
	canonical, ok := t.Canonical(text)
	if !ok {
		return nil, fmt.Errorf("it is not a valid %s: %s", v.name(), t.Write)
	}
	switch v.scalar {
	case schema.Boolean, schema.Int, schema.Float, schema.JSON, schema.Vector:
		return []byte(canonical), nil
	}
	return json.Marshal(canonical)
}

// takes reports whether a value of JSON is of the kind of the type.
func (v valueType) takes(value any) bool {
	_, isText := value.(string)
	_, isNumber := value.(json.Number)
	_, isBool := value.(bool)
	_, isList := value.([]any)
	switch {
	case v.enum != nil:
		return isText
	case v.scalar == schema.Boolean:
		return isBool
	case v.scalar == schema.Int, v.scalar == schema.Float:
		return isNumber
	case v.scalar == schema.JSON:
		return value != nil
	case v.scalar == schema.Vector:
		return isList
	case v.scalar == schema.Int64, v.scalar == schema.Decimal, v.scalar == schema.ID:
		return isText || isNumber
	}
	return isText
}

// describeJSON names the kind of a value.
func describeJSON(value any) string {
	switch value.(type) {
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a text"
	}
	return describe(value)
}

// textOfJSON returns the text of a string, or the JSON of another value.
func textOfJSON(raw []byte) string {
	var text string
	if err := json.Unmarshal(raw, &text); err == nil {
		return text
	}
	return string(raw)
}
