package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// reshaper collects the statements that turn the empty tables of one definition into those of another. Unlike a migration, they may drop
// any object.
type reshaper struct {
	was, now map[string]*tableWriter // by table
	again    map[string]bool         // tables that are created, or dropped and created again
	fresh    []part                  // enums that are created
	drops    []string                // tables

	undo, alter, references, indexes []string
}

// reshape returns the statements that turn one definition into another. last is the catalog of the first one.
func reshape(was, now *definition, last *catalog.Catalog) []string {
	r := &reshaper{was: was.byTable(), now: now.byTable(), again: map[string]bool{}}
	for _, e := range now.enums {
		if !slices.Contains(was.enums, e) {
			r.fresh = append(r.fresh, e)
		}
	}
	for _, w := range was.tables {
		if to := r.now[w.table.Table]; to == nil || r.mustDrop(w, to, last.Table(public, w.table.Table)) {
			r.drops = append(r.drops, ident(w.table.Table))
			r.again[w.table.Table] = true
		}
	}
	var creates []string
	for _, w := range now.tables {
		if r.again[w.table.Table] = r.again[w.table.Table] || r.was[w.table.Table] == nil; r.again[w.table.Table] {
			creates = append(creates, w.create())
		}
	}
	for _, w := range now.tables {
		r.table(r.was[w.table.Table], w)
	}
	var out []string
	if len(r.drops) > 0 {
		out = append(out, "DROP TABLE "+strings.Join(r.drops, ", ")+" CASCADE")
	}
	out = append(out, r.undo...)
	for _, e := range r.fresh {
		out = append(out, "DROP TYPE IF EXISTS "+catalogName(public, e.name)+" CASCADE", e.sql)
	}
	return slices.Concat(out, creates, r.alter, r.references, r.indexes)
}

func (d *definition) byTable() map[string]*tableWriter {
	tables := make(map[string]*tableWriter, len(d.tables))
	for _, w := range d.tables {
		tables[w.table.Table] = w
	}
	return tables
}

// mustDrop reports whether a table has to be created again. Postgres would drop constraints and indexes with a column, and
// references with a key.
func (r *reshaper) mustDrop(was, now *tableWriter, t *catalog.Table) bool {
	usesFresh := func(c catalog.Column) bool {
		return slices.ContainsFunc(r.fresh, func(e part) bool { return strings.TrimSuffix(c.Type, "[]") == catalogName(public, e.name) })
	}
	lost := func(c part) bool { return !slices.Contains(now.columns, c) }
	computed := func(c part) bool {
		return !slices.Contains(was.columns, c) && strings.Contains(c.sql, " GENERATED ALWAYS AS (")
	}
	keyLost := func(c part) bool { return !strings.HasPrefix(c.sql, "CHECK ") && !slices.Contains(now.constraints, c) }
	return t == nil || slices.ContainsFunc(t.Columns, usesFresh) || slices.ContainsFunc(was.columns, lost) ||
		slices.ContainsFunc(now.columns, computed) || slices.ContainsFunc(was.constraints, keyLost)
}

// table alters a table that stays, and adds the references and indexes that it does not have. was is nil for a new table.
func (r *reshaper) table(was, now *tableWriter) {
	if r.again[now.table.Table] {
		was = &tableWriter{}
	} else {
		r.stays(was, now)
	}
	for _, x := range now.references {
		if !slices.Contains(was.references, x) || r.again[x.to] {
			r.references = append(r.references, x.add())
		}
	}
	for _, i := range now.indexes {
		if !slices.Contains(was.indexes, i) {
			r.indexes = append(r.indexes, i.sql)
		}
	}
}

func (r *reshaper) stays(was, now *tableWriter) {
	table := ident(now.table.Table)
	drop := func(name string) { r.undo = append(r.undo, alter(table, "DROP CONSTRAINT IF EXISTS "+ident(name))) }
	for _, x := range was.references {
		if !slices.Contains(now.references, x) {
			drop(x.name)
		}
	}
	for _, i := range was.indexes {
		if !slices.Contains(now.indexes, i) {
			r.undo = append(r.undo, "DROP INDEX IF EXISTS "+ident(i.name))
		}
	}
	for _, c := range was.constraints {
		if !slices.Contains(now.constraints, c) {
			drop(c.name)
		}
	}
	var commands []string
	for _, c := range now.columns {
		if !slices.Contains(was.columns, c) {
			commands = append(commands, "ADD COLUMN "+c.sql)
		}
	}
	for _, c := range now.constraints {
		if !slices.Contains(was.constraints, c) {
			commands = append(commands, "ADD "+constraintLine(c))
		}
	}
	if len(commands) > 0 {
		r.alter = append(r.alter, alter(table, commands...))
	}
}
