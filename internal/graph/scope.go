package graph

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg"
)

// scope is a row within the SQL: of a table, or of a page, a subquery that has the same alias and yields
// only the columns that were asked for.
type scope struct {
	object  *object
	alias   string
	paged   bool
	columns []string // of the page
	extra   []string // what the page computes, as SQL
}

// raw returns a column of the table.
func (s *scope) raw(column string) string { return s.alias + "." + pg.QuoteIdent(column) }

// column returns a column of the row, and has the page yield it.
func (s *scope) column(column string) string {
	if s.paged && !slices.Contains(s.columns, column) {
		s.columns = append(s.columns, column)
	}
	return s.raw(column)
}

// computed returns an expression on the table's columns, and has the page compute it.
func (s *scope) computed(sql string) string {
	if !s.paged {
		return "(" + sql + ")"
	}
	i := slices.Index(s.extra, sql)
	if i < 0 {
		i = len(s.extra)
		s.extra = append(s.extra, sql)
	}
	return s.alias + "." + computedName(i)
}
