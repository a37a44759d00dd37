package ddl

import (
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// search writes the column with the words of a row and its index, if the type has @searchable. Postgres generates the column, so that no
// trigger is needed and every writer keeps it up to date.
func (w *tableWriter) search() {
	s := w.table.Search
	if s == nil {
		return
	}
	var words []string
	for _, f := range s.Fields {
		text := "coalesce(" + ident(f.Field.Column) + "::text, '')"
		words = append(words, "setweight(to_tsvector("+strings.TrimSpace(pg.QuoteLiteral(s.Language))+"::regconfig, "+text+"), '"+f.Weight+"')")
	}
	line := ident(schema.SearchColumn) + " tsvector GENERATED ALWAYS AS (" + strings.Join(words, " || ") + ") STORED"
	w.as("column", schema.SearchColumn, line)
	w.columns = append(w.columns, part{schema.SearchColumn, line})
	name := schema.SearchIndex(w.table.Table)
	sql := "CREATE INDEX " + ident(name) + " ON " + ident(w.table.Table) + " USING gin (" + ident(schema.SearchColumn) + ")"
	w.as("index", name, sql)
	w.indexes = append(w.indexes, part{name, sql})
}
