package ddl

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// table leaves a table as it is. With a new table, it leaves out the references to it.
func (l *leaver) table(o object, cur *catalog.Table) {
	schema, tableName := o.split()
	l.want.Tables = slices.DeleteFunc(l.want.Tables, func(t catalog.Table) bool { return tableKey(&t) == o.table })
	l.want.Indexes = slices.DeleteFunc(l.want.Indexes, func(i catalog.Index) bool { return i.Schema == schema && i.Table == tableName })
	maps.DeleteFunc(l.written, func(what, _ string) bool {
		_, name, _ := strings.Cut(what, " ")
		return strings.HasPrefix(name, tableName+".")
	})
	if cur == nil {
		l.references(o, o.table, nil)
		return
	}
	kept := *cur
	kept.Columns, kept.Constraints = slices.Clone(cur.Columns), slices.Clone(cur.Constraints)
	l.want.Tables = append(l.want.Tables, kept)
	for _, i := range l.cur.Indexes {
		if i.Schema == schema && i.Table == tableName {
			l.want.Indexes = append(l.want.Indexes, i)
		}
	}
	for i := range cur.Columns {
		l.needType(&cur.Columns[i])
	}
	for i := range cur.Constraints {
		l.needTarget(&cur.Constraints[i])
	}
}

// references leaves out the references of the target to a table, or only those to one of its keys, with the columns that come with them, since
// they depend on an object that is left out.
func (l *leaver) references(on object, table string, key []string) {
	for _, t := range slices.Clone(l.want.Tables) {
		for _, c := range slices.Clone(t.Constraints) {
			if referenced(&c) != table || (key != nil && !slices.Equal(referredColumns(&c), key)) {
				continue
			}
			l.dependent(constraintObject(&t, &c), on)
			l.referenceColumns(&t, &c, on)
		}
	}
}

// referenceColumns leaves out the columns that a reference would add, and keeps the reference that it would replace.
func (l *leaver) referenceColumns(t *catalog.Table, c *catalog.Constraint, on object) {
	cur := l.cur.Table(t.Schema, t.Name)
	for _, name := range c.Columns {
		if cur == nil || cur.Column(name) == nil {
			l.dependent(columnObject(t, name), on)
		}
	}
	if cur == nil {
		return
	}
	for i := range cur.Constraints {
		old := &cur.Constraints[i]
		if referenced(old) == referenced(c) && slices.Equal(stems(old), stems(c)) {
			l.dependent(constraintObject(t, old), on)
		}
	}
}

// constraint leaves a constraint as it is. A new table does not exist without its primary key.
func (l *leaver) constraint(o object, cur, want *catalog.Table) {
	delete(l.written, "constraint "+want.Name+"."+o.name)
	now := constraintOf(want, o.name)
	var old *catalog.Constraint
	if cur != nil {
		old = constraintOf(cur, o.name)
		if now != nil {
			old = cmp.Or(pairs(cur, want)[now], old)
		}
	}
	var was catalog.Constraint
	if now != nil {
		was = *now
		want.Constraints = slices.DeleteFunc(want.Constraints, func(c catalog.Constraint) bool { return c.Name == o.name })
	}
	if old != nil && constraintOf(want, old.Name) == nil {
		want.Constraints = append(want.Constraints, *old)
		l.needTarget(old)
		l.needColumns(want, cur, old.Columns)
	}
	isKey := was.Kind == "primary key" || was.Kind == "unique"
	switch {
	case was.Kind == "primary key" && cur == nil:
		l.dependent(object{kind: "table", table: o.table}, o)
	case isKey && (old == nil || !slices.Equal(old.Columns, was.Columns)):
		l.references(o, o.table, was.Columns)
	}
}

// index leaves an index as it is.
func (l *leaver) index(o object, cur *catalog.Table) {
	schema, tableName := o.split()
	delete(l.written, "index "+tableName+"."+o.name)
	l.want.Indexes = slices.DeleteFunc(l.want.Indexes, func(i catalog.Index) bool { return indexObject(&i) == o })
	if cur == nil {
		return
	}
	if old := byName(indexesOf(l.cur, cur), o.name); old != nil {
		l.want.Indexes = append(l.want.Indexes, *old)
		for _, c := range cur.Columns {
			if isOver(old, c.Name) {
				l.needColumns(l.want.Table(schema, tableName), cur, []string{c.Name})
			}
		}
	}
}
