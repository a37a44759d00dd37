package ddl

import (
	"maps"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// object names a part of a database that a step of a plan changes.
type object struct {
	kind  string // table, column, constraint, index, enum or value
	table string // its tableKey, or the qualified name of an enum
	name  string // of a part of the table or a value of the enum; "" for a table or an enum
}

func tableObject(t *catalog.Table) object { return object{kind: "table", table: tableKey(t)} }

func enumObject(e *catalog.Enum) object { return object{kind: "enum", table: e.Schema + "." + e.Name} }

func columnObject(t *catalog.Table, name string) object { return object{"column", tableKey(t), name} }

func constraintObject(t *catalog.Table, c *catalog.Constraint) object {
	return object{"constraint", tableKey(t), c.Name}
}

func indexObject(i *catalog.Index) object { return object{"index", i.Schema + "." + i.Table, i.Name} }

// container returns the table or enum that an object is a part of.
func (o object) container() object {
	if o.kind == "value" {
		return object{kind: "enum", table: o.table}
	}
	return object{kind: "table", table: o.table}
}

// String names an object as Plan.Left does.
func (o object) String() string {
	of := strings.TrimPrefix(o.table, public+".")
	switch o.kind {
	case "column":
		return "column " + of + "." + o.name
	case "constraint", "index":
		return o.kind + " " + o.name + " of " + of
	case "value":
		return "value " + o.name + " of enum " + of
	}
	return o.kind + " " + of
}

// split returns the Postgres schema and the name of the table or enum.
func (o object) split() (schema, name string) {
	schema, name, _ = strings.Cut(o.table, ".")
	return schema, name
}

// leaver removes the changes of some objects from the result of a plan: want then contains these objects as the database has them.
type leaver struct {
	cur, want *catalog.Catalog
	target    *catalog.Catalog // want before anything was left out
	written   written
	done      map[object]bool
	list      []LeftOut
	quiet     bool // do not mention what the target does not have
}

// leave returns the catalog and the SQL of a target without the changes of refused objects, and lists what is left out.
func leave(cur, want *catalog.Catalog, sql written, refused []refusal) (*catalog.Catalog, written, []LeftOut) {
	if len(refused) == 0 {
		return want, sql, nil
	}
	own := *want
	own.Tables, own.Indexes, own.Enums = slices.Clone(want.Tables), slices.Clone(want.Indexes), slices.Clone(want.Enums)
	for i := range own.Tables {
		t := &own.Tables[i]
		t.Columns, t.Constraints = slices.Clone(t.Columns), slices.Clone(t.Constraints)
	}
	for i := range own.Enums {
		own.Enums[i].Values = slices.Clone(own.Enums[i].Values)
	}
	l := &leaver{cur: cur, want: &own, target: want, written: maps.Clone(sql), done: map[object]bool{}}
	l.renames(refused)
	for _, r := range refused {
		if r.renames {
			continue
		}
		for n, o := range r.of {
			left := r.leftOut(o)
			if n > 0 {
				left = dependsOn(o, r.of[0])
			}
			if !l.done[o] {
				l.list = append(l.list, left)
				l.leave(o)
			}
		}
	}
	return l.want, l.written, l.list
}

// dependent leaves out an object because of another one. It is not mentioned if nothing changes in it.
func (l *leaver) dependent(o, on object) {
	if l.done[o] {
		return
	}
	if l.changes(o) && (!l.quiet || has(l.target, o)) {
		l.list = append(l.list, dependsOn(o, on))
	}
	l.leave(o)
}

func (l *leaver) leave(o object) {
	if l.done[o] {
		return
	}
	l.done[o] = true
	cur, want := l.cur.Table(o.split()), l.want.Table(o.split())
	switch {
	case o.kind == "enum":
		l.enum(o)
	case o.kind == "value":
		l.value(o)
	case o.kind == "table":
		l.table(o, cur)
	case want == nil: // it is left out as a whole
	case o.kind == "column":
		l.column(o, cur, want)
	case o.kind == "constraint":
		l.constraint(o, cur, want)
	default:
		l.index(o, cur)
	}
}

// changes reports whether the plan would change an object.
func (l *leaver) changes(o object) bool {
	if o.container().kind == "enum" || o.kind == "enum" {
		return true
	}
	cur, want := l.cur.Table(o.split()), l.want.Table(o.split())
	if cur == nil || want == nil {
		return cur != want
	}
	switch o.kind {
	case "column":
		a, b := cur.Column(o.name), want.Column(o.name)
		if a == nil || b == nil {
			return a != b
		}
		return columnDefinition(a) != columnDefinition(b)
	case "constraint":
		c := constraintOf(want, o.name)
		if c == nil {
			return constraintOf(cur, o.name) != nil
		}
		old := pairs(cur, want)[c]
		return old == nil || !satisfies(cur, old, c)
	case "index":
		a, b := byName(indexesOf(l.cur, cur), o.name), byName(indexesOf(l.want, want), o.name)
		return a == nil || b == nil || body(a) != body(b)
	}
	return true
}

// enum keeps the values of an enum, and allows new ones. With a new enum, it leaves out the columns that use it.
func (l *leaver) enum(o object) {
	schema, enumName := o.split()
	cur, want := enumOf(l.cur, schema, enumName), enumOf(l.want, schema, enumName)
	switch {
	case cur != nil && want != nil:
		want.Values = withOld(cur.Values, want.Values)
	case cur != nil:
		l.want.Enums = append(l.want.Enums, *cur)
	case want != nil:
		l.want.Enums = slices.DeleteFunc(l.want.Enums, func(e catalog.Enum) bool { return e.Schema == schema && e.Name == enumName })
		for _, t := range slices.Clone(l.want.Tables) {
			for _, c := range columnsOfType(&t, catalogName(schema, enumName)) {
				l.dependent(columnObject(&t, c.Name), o)
			}
		}
	}
}
