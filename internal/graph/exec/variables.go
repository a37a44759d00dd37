package exec

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/fault"
)

// coerce turns the variables of a request into values of their types, as the specification demands:
// https://spec.graphql.org/October2021/#sec-Coercing-Variable-Values. That of gqlparser also takes "5" for an Int, 5 for a String and any
// case for the value of an enum.
func coerce(schema *ast.Schema, op *ast.OperationDefinition, given map[string]any) (map[string]any, error) {
	c := coercer{schema}
	values := map[string]any{}
	for _, def := range op.VariableDefinitions {
		value, ok := given[def.Variable]
		if !ok && def.DefaultValue != nil {
			defaultValue, err := def.DefaultValue.Value(nil)
			if err != nil {
				return nil, mistake(def.Variable, err.Error(), "")
			}
			values[def.Variable] = defaultValue // validation has checked it
			continue
		}
		if !ok && def.Type.NonNull {
			return nil, mistake(def.Variable, "a value of the type "+def.Type.String()+" is required", "set it in variables")
		}
		if !ok {
			continue
		}
		coerced, err := c.value(def.Variable, def.Type, value)
		if err != nil {
			return nil, err
		}
		values[def.Variable] = coerced
	}
	return values, nil
}

type coercer struct{ schema *ast.Schema }

// mistake says what is wrong with a part of a variable: w.or[0].title.
func mistake(path, message, hint string) error {
	return fault.New(fault.Invalid, "", "variable $"+path+": "+message, hint)
}

func (c coercer) value(path string, typ *ast.Type, value any) (any, error) {
	switch {
	case value == nil && typ.NonNull:
		return nil, mistake(path, "a value of the type "+typ.String()+" cannot be null", "")
	case value == nil:
		return nil, nil
	case typ.Elem != nil:
		return c.list(path, typ, value)
	}
	switch def := c.schema.Types[typ.NamedType]; def.Kind {
	case ast.InputObject:
		return c.object(path, def, value)
	case ast.Enum:
		name, ok := value.(string)
		if !ok || def.EnumValues.ForName(name) == nil {
			return nil, mistake(path, shown(value)+" is not a valid "+def.Name, "use one of the enum's values")
		}
		return name, nil
	}
	return c.scalar(path, typ.NamedType, value)
}

func (c coercer) list(path string, typ *ast.Type, value any) (any, error) {
	items, ok := value.([]any)
	if !ok { // a single value stands for a list of one
		item, err := c.value(path, typ.Elem, value)
		return []any{item}, err
	}
	list := make([]any, len(items))
	for i, item := range items {
		var err error
		if list[i], err = c.value(fmt.Sprintf("%s[%d]", path, i), typ.Elem, item); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (c coercer) object(path string, def *ast.Definition, value any) (any, error) {
	given, ok := value.(map[string]any)
	if !ok {
		return nil, mistake(path, shown(value)+" is not an object of the type "+def.Name, "")
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if def.Fields.ForName(name) == nil {
			return nil, mistake(path, fmt.Sprintf("%s has no field %q", def.Name, name), "")
		}
	}
	object := make(map[string]any, len(given))
	for _, f := range def.Fields {
		field, ok := given[f.Name]
		if !ok && f.Type.NonNull && f.DefaultValue == nil {
			return nil, mistake(path+"."+f.Name, "a value of the type "+f.Type.String()+" is required", "")
		}
		if !ok {
			continue
		}
		var err error
		if object[f.Name], err = c.value(path+"."+f.Name, f.Type, field); err != nil {
			return nil, err
		}
	}
	return object, nil
}

// scalar accepts the JSON types that a scalar of GraphQL may have. What the text of any other scalar may be, binding knows.
func (c coercer) scalar(path, name string, value any) (any, error) {
	number, isNumber := value.(json.Number)
	whole := isNumber && isWhole(number)
	_, isText := value.(string)
	_, isBoolean := value.(bool)
	fits, known := map[string]bool{
		"Int": whole, "Float": isNumber, "String": isText, "Boolean": isBoolean, "ID": isText || whole,
	}[name]
	switch {
	case known && !fits:
		return nil, mistake(path, shown(value)+" is not a valid "+name, "")
	case known && whole && name != "Float":
		return integer(number), nil
	}
	return value, nil
}

// isWhole reports whether a number has no fraction. 5.0 and 1e3 have none. A longer exponent is of no Int.
func isWhole(n json.Number) bool {
	if len(n) > 40 {
		return false
	}
	f, ok := new(big.Float).SetString(n.String())
	return ok && f.IsInt() && f.MantExp(nil) < 100
}

// integer writes a whole number without fraction and exponent.
func integer(n json.Number) json.Number {
	f, _ := new(big.Float).SetString(n.String())
	i, _ := f.Int(nil)
	return json.Number(i.String())
}

// shown shows a value of a client in a message.
func shown(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "this"
	}
	if runes := []rune(string(text)); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return string(text)
}
