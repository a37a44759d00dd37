package seed

import (
	"cmp"
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// component is a set of tables whose rows refer to each other, usually a single table. One statement writes all of them, because Postgres
// checks foreign keys at the end of a statement and thus allows cycles.
type component struct {
	tables []*table
	rows   []*row // each one after the rows that it refers to, except in cycles
	cyclic bool   // rows refer to rows of the same component
}

// inOrder groups the rows into components. Each component comes after those that it refers to, and otherwise in the order of the schema.
func inOrder(rows []*row) []*component {
	o := &orderer{rows: map[*table][]*row{}, index: map[*table]int{}, low: map[*table]int{}}
	var tables []*table
	for _, r := range rows {
		if o.rows[r.table] == nil {
			tables = append(tables, r.table)
		}
		o.rows[r.table] = append(o.rows[r.table], r)
	}
	slices.SortFunc(tables, func(a, b *table) int { return cmp.Compare(a.number, b.number) })
	o.byType = make(map[*schema.Type]*table, len(tables))
	for _, t := range tables {
		o.byType[t.Type] = t
	}
	for _, t := range tables {
		if o.index[t] == 0 {
			o.visit(t)
		}
	}
	return o.components
}

// orderer finds the strongly connected components of the tables with Tarjan's algorithm (SIAM J. Comput. 1(2), 1972). It returns each
// component after all components that it refers to.
type orderer struct {
	rows       map[*table][]*row
	byType     map[*schema.Type]*table
	index      map[*table]int // in the order of first visits, from 1
	low        map[*table]int
	stack      []*table
	components []*component
}

func (o *orderer) visit(t *table) {
	o.index[t] = len(o.index) + 1
	o.low[t] = o.index[t]
	o.stack = append(o.stack, t)
	toItself := false
	for _, to := range o.targets(t) {
		toItself = toItself || to == t
		if o.index[to] == 0 {
			o.visit(to)
			o.low[t] = min(o.low[t], o.low[to])
		} else if slices.Contains(o.stack, to) {
			o.low[t] = min(o.low[t], o.index[to])
		}
	}
	if o.low[t] != o.index[t] {
		return
	}
	at := slices.Index(o.stack, t)
	c := &component{tables: slices.Clone(o.stack[at:]), cyclic: toItself || len(o.stack) > at+1}
	o.stack = o.stack[:at]
	for _, t := range c.tables {
		c.rows = append(c.rows, o.rows[t]...)
	}
	if c.cyclic {
		c.rows = afterTargets(c.rows)
	}
	o.components = append(o.components, c)
}

// targets returns the tables to which rows of t refer.
func (o *orderer) targets(t *table) []*table {
	var targets []*table
	for _, f := range t.Fields {
		if f.Relation == nil || f.Relation.Kind != schema.RefOne {
			continue
		}
		to, columns := o.byType[f.Relation.Target], t.fields[f.Name].columns
		if to != nil && slices.ContainsFunc(o.rows[t], func(r *row) bool { return r.gives(columns) }) {
			targets = append(targets, to)
		}
	}
	return targets
}

// afterTargets orders rows so that each one comes after the rows that it refers to, as far as possible.
func afterTargets(rows []*row) []*row {
	ordered := make([]*row, 0, len(rows))
	pending := make(map[*row]bool, len(rows))
	for _, r := range rows {
		pending[r] = true
	}
	var visit func(r *row)
	visit = func(r *row) {
		if !pending[r] {
			return
		}
		delete(pending, r)
		for c := range r.values {
			if ref := r.values[c].ref; ref != nil && ref.target != nil {
				visit(ref.target)
			}
		}
		ordered = append(ordered, r)
	}
	for _, r := range rows {
		visit(r)
	}
	return ordered
}
