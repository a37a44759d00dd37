package dump

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

// distinct reports whether different values of a field need different masks, because it is unique or part of a unique key.
func distinct(f *schema.Field) bool {
	return f.Unique || slices.Contains(f.Owner.Key, f) ||
		slices.ContainsFunc(f.Owner.Uniques, func(u schema.Unique) bool { return slices.Contains(u.Fields, f) })
}

// plan decides what happens to the columns, once it is known which ones the database computes.
func (d *dumper) plan() {
	m := mask.New(d.MaskKey)
	for _, t := range d.tables {
		t.light, t.whole = make([]bool, len(t.columns)), make([]bool, len(t.columns))
		for c := range t.columns {
			column := &t.columns[c]
			d.columns = append(d.columns, column)
			column.number = int32(len(d.columns)) //nolint:gosec // a schema has fewer
			if t.whole[c] = !t.omitted[column.field]; !t.whole[c] {
				continue
			}
			if column.leaf.Personal() {
				column.masks = m.Field(column.leaf, distinct(column.leaf))
				column.secret = isSecret(column.leaf)
			}
			column.searched = column.isSearched()
			column.takesMasks = column.searched && t.takesMasks(column)
			t.light[c] = column.secret
		}
		read := slices.Clone(t.key)
		for _, ref := range t.refs {
			read = append(read, ref.columns...)
		}
		for _, f := range t.Fields {
			if t.canName(f) {
				c := t.index[f.Column]
				read = append(read, c)
				t.namings = append(t.namings, &naming{column: c, taken: map[string]bool{}})
			}
		}
		for _, c := range read {
			t.light[c] = true
		}
	}
}

// mask masks a value of a column, unless the column is not masked.
func (c *column) mask(text string) (string, error) {
	if c.masks == nil {
		return text, nil
	}
	masked, err := c.maskValue(text)
	if err != nil {
		name := c.leaf.Owner.Name + "." + c.leaf.Name
		return "", fault.New(fault.Conflict, op, fmt.Sprintf("%s: %v", name, err), "Specify its kind with @pii(kind:), loosen the constraint, or exclude the field with --omit "+name)
	}
	return masked, nil
}

// maskValue masks a value, or every element of a list.
func (c *column) maskValue(text string) (string, error) {
	if !c.list {
		return c.masks.Value(text)
	}
	elements, err := listOf(text)
	if err != nil {
		return "", err
	}
	for i, e := range elements {
		if e == nil {
			continue
		}
		masked, err := c.masks.Value(*e)
		if err != nil {
			return "", err
		}
		elements[i] = &masked
	}
	out, err := json.Marshal(elements)
	return string(out), err
}

// listOf returns the elements of a list.
func listOf(text string) ([]*string, error) {
	var elements []*string
	if err := json.Unmarshal([]byte(text), &elements); err != nil {
		return nil, errors.New("has a nested list, which the schema does not support")
	}
	return elements, nil
}
