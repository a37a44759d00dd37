package ddl

import (
	"context"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
)

// winnow finds what Postgres refuses of a definition.
type winnow struct {
	builder    *Builder
	definition *definition
	refused    []refusal
	left       map[object]bool
	missing    map[string]error // extensions
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
	for _, p := range pieces { // references last: a refused table is the better reason
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

// isPart reports whether an object is a part of a table that is left out. Only the table is then reported.
func (w *winnow) isPart(o object) bool {
	return o.kind != "table" && o.kind != "enum" && w.left[object{kind: "table", table: o.table}]
}

// user returns the left out object that a piece uses.
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

// dependents leaves out the pieces that use a left out object, directly or through another one.
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
