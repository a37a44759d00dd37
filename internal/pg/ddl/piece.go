package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/schema"
)

// piece is a part of a schema and the statement that creates only this part.
type piece struct {
	object
	sql   string
	split []piece // of a table, for a statement that Postgres refuses as a whole
	err   error   // why Postgres refuses it

	of *tableWriter // whose part it is; nil for an enum
	to string       // the table of a reference
}

// pieces returns the parts of a definition, each after those that it may use. Generated columns can come before the columns that they use.
// statements contains the enums that do not exist yet.
func (d *definition) pieces(statements []string) (list []piece) {
	for _, e := range d.enums {
		if slices.Contains(statements, e.sql) {
			list = append(list, piece{object: object{kind: "enum", table: public + "." + e.name}, sql: e.sql})
		}
	}
	var references, indexes []piece
	for _, w := range d.tables {
		name := public + "." + w.table.Table
		table := piece{object: object{kind: "table", table: name}, sql: w.create(), of: w}
		alone := table
		alone.sql = "CREATE TABLE " + ident(w.table.Table) + " ()"
		table.split = []piece{alone}
		part := func(kind string, p part, sql string) piece {
			return piece{object: object{kind, name, p.name}, sql: alter(ident(w.table.Table), "ADD "+sql), of: w}
		}
		for _, c := range w.columns {
			table.split = append(table.split, part("column", c, "COLUMN "+c.sql))
		}
		for _, c := range w.constraints {
			table.split = append(table.split, part("constraint", c, constraintLine(c)))
		}
		list = append(list, table)
		for _, r := range w.references {
			references = append(references, piece{object: object{"constraint", name, r.name}, sql: r.add(), of: w, to: public + "." + r.to})
		}
		for _, i := range w.indexes {
			indexes = append(indexes, piece{object: object{"index", name, i.name}, sql: i.sql, of: w})
		}
	}
	return slices.Concat(list, references, indexes)
}

// uses returns the part of the SQL that can contain other columns of the same table.
func (p piece) uses() string {
	if p.kind != "column" {
		return p.sql
	}
	_, formula, _ := strings.Cut(p.sql, " GENERATED ALWAYS AS (")
	return formula
}

// columns returns the columns of a reference.
func (p piece) columns() (list []string) {
	for _, f := range p.of.table.Fields {
		if f.Relation != nil && schema.ObjectName(p.of.table.Table, f.Columns(), "fkey") == p.name {
			list = append(list, f.Columns()...)
		}
	}
	return list
}
