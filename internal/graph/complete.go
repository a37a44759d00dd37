package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// writeFilter reads the arguments where and all of a write of many rows. A query may leave a condition out by a variable that is not set. In a
// write that would change more rows than the client meant, so every condition must have a value, and every row takes all: true.
func (b *builder) writeFilter(f selected) (filter arg, err error) {
	all, _ := b.argument(f.Field, "all")
	everything := all.known == true
	if given := f.Arguments.ForName("where"); given != nil {
		typ := f.Definition.Arguments.ForName("where").Type
		if err := b.complete("where", given.Value, typ); err != nil {
			return arg{}, err
		}
		filter, _ = b.arg(given.Value, typ)
	}
	switch empty := len(filter.fields) == 0; {
	case empty && !everything:
		return arg{}, invalid("where has no condition", "add a condition, or write all: true without where for every row")
	case !empty && everything:
		return arg{}, invalid("where and all: true exclude each other", "remove one of them")
	}
	return filter, nil
}

// complete returns a fault if a condition in a value of the document has no value.
func (b *builder) complete(path string, v *ast.Value, typ *ast.Type) error {
	def := b.api.schema.Types[typ.Name()]
	switch {
	case v.Kind == ast.Variable:
		value, given := b.vars[v.Raw]
		switch {
		case !given:
			return incomplete(path, "the variable $"+v.Raw+" is not set")
		case value == nil:
			return incomplete(path, "the variable $"+v.Raw+" is null")
		}
		return b.completeValue(path, value, typ)
	case v.Kind == ast.NullValue:
		return incomplete(path, "it is null")
	case def.Kind != ast.InputObject:
		return b.completeScalar(path, v)
	case v.Kind == ast.ListValue:
		for i, child := range v.Children {
			if err := b.complete(fmt.Sprintf("%s[%d]", path, i), child.Value, typ.Elem); err != nil {
				return err
			}
		}
	case v.Kind == ast.ObjectValue:
		for _, child := range v.Children {
			if err := b.complete(path+"."+child.Name, child.Value, def.Fields.ForName(child.Name).Type); err != nil {
				return err
			}
		}
	}
	if v.Kind == ast.ListValue {
		return notEmpty(path, len(v.Children))
	}
	return notEmpty(path, conditionsOf(def, len(v.Children), v.Children.ForName("where") != nil))
}

// conditionsOf returns how many members of an object are conditions. The where of a filter on aggregates says what they are computed of, and is none;
// neither is a path into JSON.
func conditionsOf(def *ast.Definition, members int, hasWhere bool) int {
	isFiltered := hasWhere && strings.HasSuffix(def.Name, "AggregateListWhere")
	if isFiltered || def.Name == jsonPathFilter {
		return members - 1
	}
	return members
}

// completeScalar looks at the variables within a list, or within JSON, which may hold null by itself.
func (b *builder) completeScalar(path string, v *ast.Value) error {
	for _, child := range v.Children {
		if child.Value.Kind == ast.Variable && b.vars[child.Value.Raw] == nil {
			return incomplete(path, "the variable $"+child.Value.Raw+" is not set, or null")
		}
		if err := b.completeScalar(path, child.Value); err != nil {
			return err
		}
	}
	return nil
}

// completeValue is complete for a value of the variables.
func (b *builder) completeValue(path string, value any, typ *ast.Type) error {
	def := b.api.schema.Types[typ.Name()]
	switch {
	case value == nil:
		return incomplete(path, "it is null")
	case def.Kind != ast.InputObject:
		return nil
	case typ.Elem != nil:
		list := asList(value)
		for i, item := range list {
			if err := b.completeValue(fmt.Sprintf("%s[%d]", path, i), item, typ.Elem); err != nil {
				return err
			}
		}
		return notEmpty(path, len(list))
	}
	object, _ := value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err := b.completeValue(path+"."+name, object[name], def.Fields.ForName(name).Type); err != nil {
			return err
		}
	}
	_, hasWhere := object["where"]
	return notEmpty(path, conditionsOf(def, len(object), hasWhere))
}

// notEmpty refuses objects and lists without conditions. Whether where itself may be empty, writeFilter decides.
func notEmpty(path string, conditions int) error {
	if conditions > 0 || path == "where" {
		return nil
	}
	return incomplete(path, "it is empty")
}

func incomplete(path, why string) error {
	return invalid(path+" has no value: "+why, "set a value, or remove the condition; a write never leaves a condition out by itself")
}
