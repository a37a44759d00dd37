package ddl

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// columnsBy returns the columns of a table, the generated ones first or last: they go before what they are computed from,
// and come after it.
func columnsBy(t *catalog.Table, generatedFirst bool) (list []*catalog.Column) {
	for _, generated := range []bool{generatedFirst, !generatedFirst} {
		for i := range t.Columns {
			if c := &t.Columns[i]; (c.Generated != "") == generated {
				list = append(list, c)
			}
		}
	}
	return list
}

// remade returns the generated columns of cur that are dropped and made again, which loses nothing: those that are
// computed in another way, or from a column that gets another type. What an index or a constraint is over stays.
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

// dependedOn reports whether a constraint or an index would go with a column.
func (p *planner) dependedOn(t *catalog.Table, column string) bool {
	return slices.ContainsFunc(t.Constraints, func(c catalog.Constraint) bool { return slices.Contains(c.Columns, column) && c.Kind != "not null" }) ||
		slices.ContainsFunc(indexesOf(p.cur, t), func(i *catalog.Index) bool { return isOver(i, column) })
}

// isOver reports whether an index is over, or asks about, a column.
func isOver(i *catalog.Index, column string) bool {
	return slices.Contains(i.Columns, column) || names(i.Predicate, column) || slices.ContainsFunc(i.Columns, func(sql string) bool { return names(sql, column) })
}

// names reports whether SQL names a column.
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
