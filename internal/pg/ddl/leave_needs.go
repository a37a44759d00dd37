package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// needColumns keeps columns that a kept object uses.
func (l *leaver) needColumns(want, cur *catalog.Table, columns []string) {
	for _, name := range columns {
		if want.Column(name) == nil {
			l.leave(columnObject(cur, name))
		}
	}
}

// needTarget keeps the table and the key that a kept reference refers to.
func (l *leaver) needTarget(c *catalog.Constraint) {
	if referenced(c) == "" {
		return
	}
	cur, want, key := l.cur.Table(c.Target()), l.want.Table(c.Target()), referredColumns(c)
	switch {
	case cur == nil:
		return
	case want == nil:
		l.leave(tableObject(cur))
		return
	}
	l.needColumns(want, cur, key)
	isKey := func(x catalog.Constraint) bool {
		return (x.Kind == "primary key" || x.Kind == "unique") && slices.Equal(x.Columns, key)
	}
	if n := slices.IndexFunc(cur.Constraints, isKey); n >= 0 && !slices.ContainsFunc(want.Constraints, isKey) {
		l.leave(constraintObject(cur, &cur.Constraints[n]))
	}
}

// needType keeps the enum of a kept column.
func (l *leaver) needType(c *catalog.Column) {
	for i := range l.cur.Enums {
		e := &l.cur.Enums[i]
		if strings.TrimSuffix(c.Type, "[]") == catalogName(e.Schema, e.Name) && enumOf(l.want, e.Schema, e.Name) == nil {
			l.leave(enumObject(e))
		}
	}
}
