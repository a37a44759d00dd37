package ddl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/schema"
)

// Drop is a table or column that a plan drops, and its data with it.
type Drop struct {
	What string `json:"what"`           // column books.title
	Hint string `json:"hint,omitempty"` // how to keep the data, if a new object may be the same under another name
}

// noteDroppedTable records that a table is dropped.
func (p *planner) noteDroppedTable(t *catalog.Table) {
	d := Drop{What: "table " + tableName(t)}
	for i := range p.want.Tables {
		// Most columns are the same: a table that was renamed.
		if w := &p.want.Tables[i]; p.cur.Table(w.Schema, w.Name) == nil && 2*len(sharedColumns(t, w)) > len(t.Columns) {
			d.Hint = fmt.Sprintf("if %s is the same under another name, @renamed(from: %q) on its type keeps the rows", tableName(w), typeName(t.Name))
		}
	}
	p.drops = append(p.drops, d)
}

func sharedColumns(a, b *catalog.Table) []catalog.Column {
	return slices.DeleteFunc(slices.Clone(a.Columns), func(c catalog.Column) bool {
		other := b.Column(c.Name)
		return other == nil || other.Type != c.Type
	})
}

// noteDroppedColumn records that a column is dropped.
func (p *planner) noteDroppedColumn(t *catalog.Table, column *catalog.Column) {
	d := Drop{What: "column " + t.Name + "." + column.Name}
	want := p.want.Table(t.Schema, t.Name)
	for i := range want.Columns {
		c := &want.Columns[i]
		if t.Column(c.Name) != nil || c.Type != column.Type {
			continue
		}
		if former := p.formerField(t.Name, c.Name, column.Name); former != "" {
			d.Hint = fmt.Sprintf("if %s.%s is the same under another name, @renamed(from: %q) on its field keeps the values", t.Name, c.Name, former)
			break
		}
	}
	p.drops = append(p.drops, d)
}

// formerField returns the argument of @renamed(from:) under which a column gets its values from the column old. The columns of a reference
// are named after the reference and the key that it refers to. It returns "" if no argument leads to that column.
func (p *planner) formerField(table, column, old string) string {
	if p.types == nil {
		return schema.CamelCase(old)
	}
	for _, t := range p.types.Tables {
		if t.Table != table {
			continue
		}
		for _, f := range t.Fields {
			i := slices.Index(f.Columns(), column)
			switch {
			case i < 0, f.Relation != nil && len(f.Relation.Fields) > 0:
				continue
			case f.Relation == nil:
				return schema.CamelCase(old)
			case t.Join != nil: // its columns are named after the types
				return ""
			}
			name, ok := strings.CutSuffix(old, "_"+oldKey(f.Relation, i))
			if !ok {
				return ""
			}
			return schema.CamelCase(name)
		}
	}
	return ""
}

// typeName returns the default name of the type of a table.
func typeName(table string) string {
	name := []rune(schema.CamelCase(schema.Singular(table)))
	if len(name) == 0 {
		return table
	}
	return strings.ToUpper(string(name[:1])) + string(name[1:])
}

// replacements returns the comment above the statements that remove values from an enum. It contains the updates for rows that still have
// one of these values.
func replacements(c *catalog.Catalog, e *catalog.Enum, values []string) string {
	gone := slices.DeleteFunc(slices.Clone(e.Values), func(v string) bool { return slices.Contains(values, v) })
	if len(gone) == 0 || len(values) == 0 {
		return ""
	}
	full := catalogName(e.Schema, e.Name)
	var updates strings.Builder
	for i := range c.Tables {
		t := &c.Tables[i]
		for _, col := range columnsOfType(t, full) {
			for _, v := range gone {
				set, where := literal(values[0]), ident(col.Name)+" = "+literal(v)
				if col.Type != full {
					set = fmt.Sprintf("array_replace(%s, %s, %s)", ident(col.Name), literal(v), set)
					where = literal(v) + " = ANY (" + ident(col.Name) + ")"
				}
				fmt.Fprintf(&updates, "-- UPDATE %s SET %s = %s WHERE %s;\n", tableName(t), ident(col.Name), set, where)
			}
		}
	}
	if updates.Len() == 0 {
		return ""
	}
	return "-- This fails while rows have a removed value. Replace it first:\n" + updates.String() + renamedHint(e, gone, values)
}

// renamedHint returns a comment about a removed value that may have a new label.
func renamedHint(e *catalog.Enum, gone, values []string) string {
	i := slices.IndexFunc(values, func(v string) bool { return !slices.Contains(e.Values, v) })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("-- If %q is %q under another name, @renamed(from: %q) on the value keeps the rows.\n", values[i], gone[0], gone[0])
}
