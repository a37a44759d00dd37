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
// column in it changes.
func remade(cur, want *catalog.Table) (list []*catalog.Column) {
	for i := range cur.Columns {
		old := &cur.Columns[i]
		w := want.Column(old.Name)
		if old.Generated == "" || w == nil || w.Generated == "" {
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
