package ddl

import (
	"slices"
	"strings"

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
func names(sql, column string) bool { return mentions(sql, ident(column)) }

// mentions reports whether SQL contains a name, which may be qualified, or the start of a call, as whole tokens.
func mentions(sql, name string) bool {
	if !strings.Contains(sql, name) {
		return false
	}
	for sql != "" {
		if startsWithTokens(sql, name) {
			return true
		}
		n, _ := sqltext.Token(sql)
		if n < 0 {
			return false
		}
		sql = sql[n:]
	}
	return false
}

// startsWithTokens reports whether SQL starts with a text that ends where a token ends.
func startsWithTokens(sql, text string) bool {
	if !strings.HasPrefix(sql, text) {
		return false
	}
	end := 0
	for end < len(text) {
		n, _ := sqltext.Token(sql[end:])
		if n < 0 {
			return false
		}
		end += n
	}
	return end == len(text)
}
