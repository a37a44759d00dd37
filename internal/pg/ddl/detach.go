package ddl

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// detached are the statements around a change of columns, for the constraints and indexes that the change affects. Postgres drops them
// with a column that is dropped and added again. In the condition of those over a column whose type changes, it writes casts, which are in
// the way of the schema's condition and stay when the type changes back.
type detached struct {
	before, after         []string // of the change
	beforeUndo, afterUndo []string // of its rollback
}

// around returns a step with the statements around it.
func (d detached) around(s step) step {
	s.up = slices.Concat(d.before, s.up, d.after)
	s.down = slices.Concat(d.beforeUndo, s.down, d.afterUndo)
	return s
}

// detacher decides which parts of a table to detach.
type detacher struct {
	*planner
	cur, want *catalog.Table
	remade    []*catalog.Column
	out       detached
}

// detach removes the affected constraints and indexes from the table of the database, so that those of the schema count as new. The ones
// that were written by hand come back with the text that they had.
func (p *planner) detach(cur, want *catalog.Table, remade []*catalog.Column) (detached, *catalog.Table) {
	d := &detacher{planner: p, cur: cur, want: want, remade: remade}
	rest := *cur
	found := pairs(cur, want)
	kept := map[*catalog.Constraint]bool{}
	for _, old := range found {
		kept[old] = true
	}
	rest.Constraints = nil
	for i := range cur.Constraints {
		if c := &cur.Constraints[i]; !d.constraint(c, found, kept) {
			rest.Constraints = append(rest.Constraints, *c)
		}
	}
	has := indexesOf(p.want, want)
	p.cur.Indexes = slices.DeleteFunc(p.cur.Indexes, func(i catalog.Index) bool {
		return (i.Schema == cur.Schema) && (i.Table == cur.Name) && !i.Constraint && d.index(&i, byName(has, i.Name))
	})
	return d.out, &rest
}

// constraint detaches a constraint if it is affected.
func (d *detacher) constraint(c *catalog.Constraint, found map[*catalog.Constraint]*catalog.Constraint, kept map[*catalog.Constraint]bool) bool {
	gone := d.isRemade(c.Columns)
	rewritten := (c.Kind == "check") && slices.ContainsFunc(c.Columns, d.isRetyped) && !d.isSame(c, found)
	dropped := d.dropped[tableKey(d.cur)+"."+c.Name] // before, by dropConstraints
	if (c.Kind == "not null") || (!gone && !rewritten) || dropped {
		return false
	}
	table := tableName(d.want)
	drop, add := alter(table, dropConstraint(c)), alter(table, addConstraint(c))
	d.add(drop, add, gone, !kept[c])
	return true
}

// index detaches an index if it is affected. to is the index of the schema with its name, or nil.
func (d *detacher) index(i, to *catalog.Index) bool {
	gone := slices.ContainsFunc(d.remade, func(c *catalog.Column) bool { return isOver(i, c.Name) })
	same := (to != nil) && (body(to) == body(i))
	rewritten := !same && slices.ContainsFunc(d.cur.Columns, func(c catalog.Column) bool {
		return d.isRetyped(c.Name) && isOver(i, c.Name) && !slices.Contains(i.Columns, ident(c.Name))
	})
	if !gone && !rewritten {
		return false
	}
	has := indexesOf(d.planner.want, d.want)
	byHand := (to == nil) && (renamedIndex(indexesOf(d.planner.cur, d.cur), has, i) == nil) && (!Expressible(i, d.cur) || !d.droppable(d.cur.Name, i.Name, "index"))
	d.add("DROP INDEX "+name(i.Schema, i.Name), plainIndex(i), gone, byHand)
	return true
}

// add notes how to drop and create a part. If it is gone with its column, nothing has to drop it. If it was written by hand, the change
// itself must bring it back.
func (d *detacher) add(drop, create string, gone, byHand bool) {
	o := &d.out
	if !gone {
		o.before = append(o.before, drop)
	}
	o.afterUndo = append(o.afterUndo, create)
	if byHand {
		o.after = append(o.after, create)
		if !gone {
			o.beforeUndo = append(o.beforeUndo, drop)
		}
	}
}

// isSame reports whether the schema has a constraint with the same text.
func (d *detacher) isSame(c *catalog.Constraint, found map[*catalog.Constraint]*catalog.Constraint) bool {
	for w, old := range found {
		if old == c {
			return w.Definition == c.Definition
		}
	}
	return false
}

func (d *detacher) isRemade(columns []string) bool {
	return slices.ContainsFunc(d.remade, func(c *catalog.Column) bool { return slices.Contains(columns, c.Name) })
}

func (d *detacher) isRetyped(column string) bool {
	old, to := d.cur.Column(column), d.want.Column(column)
	return (old != nil) && (to != nil) && (old.Generated == "") && (old.Type != to.Type || old.Collation != to.Collation)
}
