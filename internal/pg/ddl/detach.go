package ddl

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// detached are the statements before and after a change of columns, for the constraints and indexes that the change affects. Postgres drops
// them with a column that is dropped and added again. When the type of a column changes, Postgres writes casts into the conditions over it.
// These casts differ from the condition in the schema, and stay when the type changes back.
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
	had, has  []*catalog.Index
	wanted    map[*catalog.Constraint]*catalog.Constraint // what the schema has for a constraint of the database
	remade    []*catalog.Column
	out       detached
}

// detach removes the affected constraints and indexes from the table of the database, so that those of the schema count as new. The ones
// that were written by hand come back with the text that they had.
func (p *planner) detach(cur, want *catalog.Table, remade []*catalog.Column) (detached, *catalog.Table) {
	d := &detacher{planner: p, cur: cur, want: want, had: indexesOf(p.cur, cur), has: indexesOf(p.want, want), remade: remade}
	d.wanted = map[*catalog.Constraint]*catalog.Constraint{}
	for w, old := range pairs(cur, want) {
		d.wanted[old] = w
	}
	rest := *cur
	rest.Constraints = nil
	for i := range cur.Constraints {
		if c := &cur.Constraints[i]; !d.constraint(c) {
			rest.Constraints = append(rest.Constraints, *c)
		}
	}
	var detached []string
	for _, i := range d.had {
		if d.index(i) {
			detached = append(detached, i.Name)
		}
	}
	if len(detached) > 0 { // rare, and the list of all indexes is long. It is copied, since d.had leads to its elements.
		p.cur.Indexes = slices.DeleteFunc(slices.Clone(p.cur.Indexes), func(i catalog.Index) bool {
			return (i.Schema == cur.Schema) && slices.Contains(detached, i.Name)
		})
	}
	return d.out, &rest
}

// constraint detaches a constraint if it is affected.
func (d *detacher) constraint(c *catalog.Constraint) bool {
	gone := slices.ContainsFunc(d.remade, func(column *catalog.Column) bool { return slices.Contains(c.Columns, column.Name) })
	w := d.wanted[c]
	same := (w != nil) && (w.Definition == c.Definition)
	rewritten := !same && (c.Kind == "check") && slices.ContainsFunc(c.Columns, d.isRetyped)
	dropped := d.dropped[tableKey(d.cur)+"."+c.Name] // by dropConstraints
	if (c.Kind == "not null") || (!gone && !rewritten) || dropped {
		return false
	}
	table := tableName(d.want)
	drop, add := alter(table, dropConstraint(c)), alter(table, addConstraint(c))
	d.add(drop, add, gone, w == nil)
	return true
}

// index detaches an index if it is affected.
func (d *detacher) index(i *catalog.Index) bool {
	to := byName(d.has, i.Name)
	gone := slices.ContainsFunc(d.remade, func(c *catalog.Column) bool { return isOver(i, c.Name) })
	same := (to != nil) && (body(to) == body(i))
	rewritten := !same && slices.ContainsFunc(d.cur.Columns, func(c catalog.Column) bool {
		return d.isRetyped(c.Name) && isOver(i, c.Name) && !slices.Contains(i.Columns, ident(c.Name))
	})
	if !gone && !rewritten {
		return false
	}
	inSchema := (to != nil) || (renamedIndex(d.had, d.has, i) != nil)
	byHand := !inSchema && (!Expressible(i, d.cur) || !d.droppable(d.cur.Name, i.Name, "index"))
	d.add("DROP INDEX "+name(i.Schema, i.Name), plainIndex(i), gone, byHand)
	return true
}

// add notes how to drop and create a part. If Postgres drops it with its column, no statement has to. If it was written by hand, the change
// itself must create it again.
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

func (d *detacher) isRetyped(column string) bool {
	old, to := d.cur.Column(column), d.want.Column(column)
	return (old != nil) && (to != nil) && (old.Generated == "") && (old.Type != to.Type || old.Collation != to.Collation)
}
