package graph

import (
	"errors"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// selected is a field of the answer: every selection of the same response key, merged.
type selected struct {
	*ast.Field
	selections []ast.SelectionSet
}

// collect merges selection sets into the fields of the answer in the order in which they first appear
// (GraphQL specification, CollectFields). Every type condition holds: the sets are not those of an interface.
func (b *builder) collect(sets ...ast.SelectionSet) ([]selected, error) {
	return b.collectOf("", sets...)
}

// collectOf is collect for an object of a type. A fragment on another type has none of its fields.
func (b *builder) collectOf(typeName string, sets ...ast.SelectionSet) ([]selected, error) {
	c := collector{builder: b, typeName: typeName, index: map[string]int{}, visited: map[string]bool{}}
	for _, set := range sets {
		if err := c.add(set); err != nil {
			return nil, err
		}
	}
	return c.fields, nil
}

type collector struct {
	builder  *builder
	typeName string
	fields   []selected
	index    map[string]int
	visited  map[string]bool
}

// applies reports whether a fragment on a type is one of the object. The validator has checked that it can be.
func (c *collector) applies(condition string) bool {
	isSame := condition == "" || condition == c.typeName
	return isSame || c.typeName == "" || condition == nodeType
}

func (c *collector) add(set ast.SelectionSet) error {
	for _, sel := range set {
		var err error
		switch sel := sel.(type) {
		case *ast.Field:
			if c.builder.included(sel.Directives) {
				err = c.field(sel)
			}
		case *ast.InlineFragment:
			if c.builder.included(sel.Directives) && c.applies(sel.TypeCondition) {
				err = c.add(sel.SelectionSet)
			}
		case *ast.FragmentSpread:
			if c.builder.included(sel.Directives) && !c.visited[sel.Name] {
				c.visited[sel.Name] = true
				err = c.spread(c.builder.fragments.ForName(sel.Name))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) spread(f *ast.FragmentDefinition) error {
	if !c.applies(f.TypeCondition) {
		return nil
	}
	return c.add(f.SelectionSet)
}

func (c *collector) field(f *ast.Field) error {
	i, ok := c.index[f.Alias]
	if !ok {
		i = len(c.fields)
		c.index[f.Alias] = i
		c.fields = append(c.fields, selected{Field: f})
	}
	if f.SelectionSet != nil {
		c.fields[i].selections = append(c.fields[i].selections, f.SelectionSet)
	}
	return c.builder.grow()
}

// included evaluates @skip and @include. The values of Boolean variables are part of the plan's shape.
func (b *builder) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		condition, _ := literal(d.Arguments.ForName("if").Value, b.vars).(bool)
		if condition == (d.Name == "skip") {
			return false
		}
	}
	return true
}

func join(parts []string, separator string) string { return strings.Join(parts, separator) }

func asError[T error](err error, target *T) bool { return errors.As(err, target) }
