package ddl

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// piece is a part of a schema and the statement that creates it apart from the others.
type piece struct {
	object
	sql   string
	split []piece // of a table, for a statement that Postgres refuses as a whole
	err   error   // why Postgres refuses it

	of *tableWriter // whose part it is; nil for an enum
	to string       // the table of a reference
}

// buildRest builds a schema without what Postgres refuses of it. failure is the error of the whole.
func (b *Builder) buildRest(ctx context.Context, s *schema.Schema, failure error) (*Target, error) {
	d, err := define(s)
	if err != nil {
		return nil, err
	}
	b.built = nil
	statements, err := b.clear(ctx, s, d)
	if err != nil {
		return nil, err
	}
	w := &winnow{builder: b, definition: d}
	if err := w.extensions(ctx); err != nil {
		return nil, err
	}
	_, noFunction := b.db.Exec(ctx, statements[0]) // for IDs
	if noFunction != nil && !isRefusal(noFunction) {
		return nil, pg.Fault("create a function for IDs", noFunction)
	}
	if err := w.try(ctx, d.pieces(statements)); err != nil {
		return nil, err
	}
	if len(w.refused) == 0 {
		return nil, failure
	}
	rest := w.rest()
	if statements, err = b.clear(ctx, s, rest); err != nil {
		return nil, err
	}
	if noFunction != nil {
		statements = statements[1:]
	}
	t, err := b.build(ctx, s, rest, statements)
	if err != nil {
		return nil, err
	}
	t.refused = w.refused
	b.schema = nil // what is built is a part of it
	return t, nil
}

// winnow finds what Postgres refuses of a definition.
type winnow struct {
	builder    *Builder
	definition *definition
	refused    []refusal
	left       map[object]bool
	missing    map[string]error // extensions
}

// extensions creates the extensions that the server has.
func (w *winnow) extensions(ctx context.Context) error {
	w.left, w.missing = map[object]bool{}, map[string]error{}
	for _, name := range w.definition.extensions {
		err := w.builder.createExtension(ctx, name)
		if refused := new(Refused); errors.As(err, &refused) {
			w.missing[name] = refused.Err
		} else if err != nil {
			return pg.Fault("create the extension "+name, err)
		}
	}
	return nil
}

// pieces returns the parts of a definition, each after those that it may use, but for generated columns. statements has the enums that do
// not exist yet.
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

// try creates pieces until Postgres refuses all that are left, and notes these as refused.
func (w *winnow) try(ctx context.Context, pieces []piece) error {
	for progress := true; progress; {
		progress = false
		var waiting []piece
		for _, p := range pieces {
			_, p.err = w.builder.db.Exec(ctx, p.sql)
			switch {
			case p.err == nil:
				progress = true
			case !isRefusal(p.err):
				return pg.Fault("create the tables of the schema one by one", p.err)
			case p.split != nil:
				waiting, progress = append(waiting, p.split...), true
			default:
				waiting = append(waiting, p)
			}
		}
		pieces = waiting
	}
	for _, p := range pieces {
		if p.to == "" {
			w.refuse(p)
		}
	}
	w.dependents()
	for _, p := range pieces { // references, which say less than the tables that they refer to
		w.refuse(p)
	}
	w.dependents()
	return nil
}

// refuse notes that a piece is refused.
func (w *winnow) refuse(p piece) {
	if w.left[p.object] || w.isPart(p.object) {
		return
	}
	for name, err := range w.missing {
		if names(strings.ToLower(p.sql), name) {
			p.err = err
		}
	}
	r := refusal{Refused: &Refused{p.sql, p.err}, of: []object{p.object}, hint: sqlHint}
	if on, ok := w.user(p); ok {
		r.onto = &on
	}
	w.left[p.object] = true
	w.refused = append(w.refused, r)
}

// isPart reports whether an object is a part of a table that is left out, which says enough.
func (w *winnow) isPart(o object) bool {
	return o.kind != "table" && o.kind != "enum" && w.left[object{kind: "table", table: o.table}]
}

// uses returns the SQL of a piece in which the columns of its table can be.
func (p piece) uses() string {
	if p.kind != "column" {
		return p.sql
	}
	_, formula, _ := strings.Cut(p.sql, " GENERATED ALWAYS AS (")
	return formula
}

// user returns the object that is left out and that a piece uses.
func (w *winnow) user(p piece) (object, bool) {
	if to := (object{kind: "table", table: p.to}); w.left[to] {
		return to, true
	}
	for _, r := range w.refused {
		o := r.of[0]
		isColumn := o.table == p.table && o.kind == "column" && o.name != p.name
		isEnum := o.kind == "enum" && p.kind == "column" && names(p.sql, strings.TrimPrefix(o.table, public+"."))
		if isEnum || (isColumn && names(p.uses(), o.name)) {
			return o, true
		}
	}
	return object{}, false
}

// dependents leaves out what uses something that is left out, until nothing does.
func (w *winnow) dependents() {
	for before := -1; before != len(w.refused); {
		before = len(w.refused)
		for _, p := range w.definition.pieces(nil) {
			w.dependent(p)
			for _, part := range p.split {
				w.dependent(part)
			}
		}
	}
}

// dependent leaves out a piece if it uses something that is left out. A table does not exist without its primary key, and the columns of a
// reference not without the table that it refers to.
func (w *winnow) dependent(p piece) {
	key := object{"constraint", p.table, ""}
	if p.of != nil {
		key.name = schema.ObjectName(p.of.table.Table, nil, "pkey")
	}
	switch {
	case p.kind == "table" && w.left[key]:
		w.leave(p.object, key)
	case p.kind == "table" || w.isPart(p.object):
	default:
		if on, ok := w.user(p); ok {
			w.leave(p.object, on)
		}
	}
	if to := (object{kind: "table", table: p.to}); p.to != "" && w.left[to] {
		for _, name := range p.columns() {
			w.leave(object{"column", p.table, name}, to)
		}
	}
}

func (w *winnow) leave(o, on object) {
	if !w.left[o] && !w.isPart(o) {
		w.left[o] = true
		w.refused = append(w.refused, refusal{Refused: &Refused{}, of: []object{o}, onto: &on})
	}
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

// rest returns the definition without what is left out.
func (w *winnow) rest() *definition {
	rest := *w.definition
	rest.extensions = slices.DeleteFunc(slices.Clone(rest.extensions), func(name string) bool { return w.missing[name] != nil })
	rest.enums = slices.DeleteFunc(slices.Clone(rest.enums), func(e part) bool { return w.left[object{kind: "enum", table: public + "." + e.name}] })
	rest.tables = nil
	for _, t := range w.definition.tables {
		name := public + "." + t.table.Table
		if w.left[object{kind: "table", table: name}] {
			continue
		}
		kept := *t
		without := func(kind string, list []part) []part {
			return slices.DeleteFunc(slices.Clone(list), func(p part) bool { return w.left[object{kind, name, p.name}] })
		}
		kept.columns, kept.constraints, kept.indexes = without("column", t.columns), without("constraint", t.constraints), without("index", t.indexes)
		kept.references = slices.DeleteFunc(slices.Clone(t.references), func(r reference) bool { return w.left[object{"constraint", name, r.name}] })
		rest.tables = append(rest.tables, &kept)
	}
	return &rest
}
