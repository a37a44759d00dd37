package ddl

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// generatedLast returns the columns of a table, the generated ones after those that they are computed from.
func generatedLast(t *catalog.Table) []*catalog.Column {
	var plain, generated []*catalog.Column
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Generated == "" {
			plain = append(plain, c)
		} else {
			generated = append(generated, c)
		}
	}
	return append(plain, generated...)
}

// remade returns the generated columns of cur that must be dropped and added again, which loses no data. Their expression or the type of a
// column in it changes. It leaves out columns with an index or constraint.
func (p *planner) remade(cur, want *catalog.Table) (list []*catalog.Column) {
	for i := range cur.Columns {
		old := &cur.Columns[i]
		w := want.Column(old.Name)
		if old.Generated == "" || w == nil || w.Generated == "" || p.dependedOn(cur, old.Name) {
			continue
		}
		retyped := slices.ContainsFunc(cur.Columns, func(c catalog.Column) bool {
			to := want.Column(c.Name)
			return to != nil && (to.Type != c.Type || to.Collation != c.Collation) && names(old.Default, c.Name)
		})
		if retyped || old.Default != w.Default || old.Type != w.Type {
			list = append(list, old)
		}
	}
	return list
}

// dependedOn reports whether Postgres would drop a constraint or an index together with a column.
func (p *planner) dependedOn(t *catalog.Table, column string) bool {
	return slices.ContainsFunc(t.Constraints, func(c catalog.Constraint) bool { return slices.Contains(c.Columns, column) && c.Kind != "not null" }) ||
		slices.ContainsFunc(indexesOf(p.cur, t), func(i *catalog.Index) bool { return isOver(i, column) })
}

// isOver reports whether an index uses a column as a key or in its condition.
func isOver(i *catalog.Index, column string) bool {
	return slices.Contains(i.Columns, column) || names(i.Predicate, column) || slices.ContainsFunc(i.Columns, func(sql string) bool { return names(sql, column) })
}

// names reports whether SQL contains the name of a column.
func names(sql, column string) bool {
	for sql != "" {
		n, _ := sqltext.Token(sql)
		if n < 0 {
			return false
		}
		if sql[:n] == ident(column) {
			return true
		}
		sql = sql[n:]
	}
	return false
}
