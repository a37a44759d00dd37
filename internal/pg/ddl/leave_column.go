package ddl

import (
	"slices"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// column leaves a column as it is, with the constraints, indexes and generated columns that use it.
func (l *leaver) column(o object, cur, want *catalog.Table) {
	now := want.Column(o.name)
	var old *catalog.Column
	if cur != nil {
		old = cur.Column(o.name)
	}
	switch {
	case old == nil:
		want.Columns = slices.DeleteFunc(want.Columns, func(c catalog.Column) bool { return c.Name == o.name })
	case now == nil:
		want.Columns = append(want.Columns, *old)
	default:
		*now = *old
	}
	if old != nil {
		l.needType(old)
	}
	delete(l.written, "column "+want.Name+"."+o.name)
	for _, over := range l.over(o, cur, want) {
		l.dependent(over, o)
	}
	if old != nil {
		return
	}
	for _, t := range slices.Clone(l.want.Tables) { // no foreign key can refer to a missing column
		for _, c := range slices.Clone(t.Constraints) {
			if referenced(&c) == o.table && slices.Contains(referredColumns(&c), o.name) {
				l.dependent(constraintObject(&t, &c), o)
			}
		}
	}
}

// over returns the constraints, indexes and generated columns of a table that use a column.
func (l *leaver) over(o object, cur, want *catalog.Table) (list []object) {
	for _, side := range []struct {
		catalog *catalog.Catalog
		table   *catalog.Table
	}{{l.want, want}, {l.cur, cur}} {
		t := side.table
		if t == nil {
			continue
		}
		for i := range t.Constraints {
			if c := &t.Constraints[i]; slices.Contains(c.Columns, o.name) {
				list = append(list, constraintObject(t, c))
			}
		}
		for _, i := range indexesOf(side.catalog, t) {
			if isOver(i, o.name) {
				list = append(list, indexObject(i))
			}
		}
		for _, c := range t.Columns {
			if c.Generated != "" && names(c.Default, o.name) {
				list = append(list, columnObject(t, c.Name))
			}
		}
	}
	return list
}
