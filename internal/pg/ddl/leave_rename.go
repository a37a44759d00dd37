package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// renames leaves out the refused renames. It begins with those that depend on others, so that objects under their former names are not reported
// as dependents of these.
func (l *leaver) renames(refused []refusal) {
	refused = slices.DeleteFunc(slices.Clone(refused), func(r refusal) bool { return !r.renames })
	for _, r := range refused {
		l.list = append(l.list, r.leftOut(r.of[0]))
	}
	for _, r := range slices.Backward(refused) {
		l.rename(r.of[0], r.of[1])
	}
}

// rename leaves out a rename: the database keeps the object under its former name, and gets none of the new name.
func (l *leaver) rename(now, former object) {
	l.leave(now)
	l.quiet = true // the objects that use the former one do not change
	defer func() { l.quiet = false }()
	if former.kind == "value" {
		l.formerValue(former, now)
		return
	}
	if has(l.target, former) && l.changes(former) { // the target has another object of that name
		l.dependent(former, now)
	}
	if former.kind == "table" {
		l.referencesToFormer(former, now)
	}
	l.leave(former)
	if former.kind == "enum" {
		l.formerEnum(former, now)
	}
}

// referencesToFormer keeps the references to a table that keeps its former name, and leaves out those to another table of that name.
func (l *leaver) referencesToFormer(former, now object) {
	if has(l.target, former) {
		l.references(now, former.table, nil)
	}
	for _, t := range l.cur.Tables {
		for i := range t.Constraints {
			if c := &t.Constraints[i]; referenced(c) == former.table {
				l.leave(constraintObject(&t, c))
			}
		}
	}
}

// formerEnum keeps an enum under its former name, and leaves out the columns of another enum of that name.
func (l *leaver) formerEnum(former, now object) {
	schema, name := former.split()
	cur, want := enumOf(l.cur, schema, name), enumOf(l.want, schema, name)
	if cur == nil || want == nil {
		return
	}
	want.Values = cur.Values
	for _, t := range slices.Clone(l.want.Tables) {
		old := l.cur.Table(t.Schema, t.Name)
		for _, c := range columnsOfType(&t, catalogName(schema, name)) {
			if old == nil || old.Column(c.Name) == nil || old.Column(c.Name).Type != c.Type {
				l.dependent(columnObject(&t, c.Name), now)
			}
		}
	}
}

// value takes a new value from an enum. It leaves out the defaults, constraints and indexes that contain the value.
func (l *leaver) value(o object) {
	schema, enum := o.split()
	if e := enumOf(l.want, schema, enum); e != nil {
		e.Values = slices.DeleteFunc(e.Values, func(v string) bool { return v == o.name })
	}
	quoted := literal(o.name) + "::" + catalogName(schema, enum)
	for _, t := range slices.Clone(l.want.Tables) {
		for _, c := range slices.Clone(t.Columns) {
			if strings.Contains(c.Default, quoted) {
				l.dependent(columnObject(&t, c.Name), o)
			}
		}
		for _, c := range slices.Clone(t.Constraints) {
			if strings.Contains(c.Definition, quoted) {
				l.dependent(constraintObject(&t, &c), o)
			}
		}
		for _, i := range indexesOf(l.want, &t) {
			if strings.Contains(i.Definition, quoted) {
				l.dependent(indexObject(i), o)
			}
		}
	}
}

// formerValue keeps a value under its former name, in the place of the new one.
func (l *leaver) formerValue(former, now object) {
	schema, enum := former.split()
	target, want := enumOf(l.target, schema, enum), enumOf(l.want, schema, enum)
	if target == nil || want == nil || slices.Contains(want.Values, former.name) {
		return
	}
	place := 0
	for _, v := range target.Values[:max(0, slices.Index(target.Values, now.name))] {
		if slices.Contains(want.Values, v) {
			place++
		}
	}
	want.Values = slices.Insert(want.Values, place, former.name)
}

// has reports whether a catalog has an object.
func has(c *catalog.Catalog, o object) bool {
	schema, name := o.split()
	t, e := c.Table(schema, name), enumOf(c, schema, name)
	switch {
	case o.kind == "enum":
		return e != nil
	case o.kind == "value":
		return e != nil && slices.Contains(e.Values, o.name)
	case t == nil || o.kind == "table":
		return t != nil
	case o.kind == "column":
		return t.Column(o.name) != nil
	case o.kind == "constraint":
		return constraintOf(t, o.name) != nil
	}
	return byName(indexesOf(c, t), o.name) != nil
}
