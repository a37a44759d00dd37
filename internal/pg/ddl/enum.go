package ddl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

func enumOf(c *catalog.Catalog, schema, name string) *catalog.Enum {
	for i := range c.Enums {
		if e := &c.Enums[i]; e.Schema == schema && e.Name == name {
			return e
		}
	}
	return nil
}

func createEnum(e *catalog.Enum, values []string) string {
	return createEnumType(name(e.Schema, e.Name), values)
}

func createEnumType(name string, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = literal(v)
	}
	return fmt.Sprintf("CREATE TYPE %s AS ENUM (%s)", name, strings.Join(quoted, ", "))
}

func (p *planner) newEnums() {
	for i := range p.want.Enums {
		if e := &p.want.Enums[i]; enumOf(p.cur, e.Schema, e.Name) == nil {
			p.main = append(p.main, one(createEnum(e, e.Values), "DROP TYPE "+name(e.Schema, e.Name)).changing(enumObject(e)))
		}
	}
}

func (p *planner) dropEnums() {
	for i := range p.cur.Enums {
		e := &p.cur.Enums[i]
		switch {
		case enumOf(p.want, e.Schema, e.Name) != nil || !IsManagedEnum(e):
		case p.mayDropEnum(e):
			p.main = append(p.main, one("DROP TYPE "+name(e.Schema, e.Name), createEnum(e, e.Values)).changing(enumObject(e)))
		default:
			p.left = append(p.left, "enum "+name(e.Schema, e.Name))
		}
	}
}

// gains reports whether an enum only gets new values, so that it can be changed in place.
func gains(cur, want *catalog.Enum) bool {
	kept := slices.DeleteFunc(slices.Clone(want.Values), func(v string) bool { return !slices.Contains(cur.Values, v) })
	return len(kept) == len(cur.Values) && isSubsequence(kept, cur.Values)
}

// changeEnums adds new values to enums. It does not remove or reorder values: see rebuilds.
func (p *planner) changeEnums() {
	for i := range p.want.Enums {
		want := &p.want.Enums[i]
		cur := enumOf(p.cur, want.Schema, want.Name)
		switch {
		case cur == nil || slices.Equal(cur.Values, want.Values):
		case gains(cur, want):
			p.addValues(cur, want.Values)
		default:
			lost := false
			for _, v := range cur.Values {
				if !slices.Contains(want.Values, v) {
					lost = true
					p.left = append(p.left, "value "+v+" of enum "+name(cur.Schema, cur.Name))
				}
			}
			values := withOld(cur.Values, want.Values)
			if !lost || (len(values) > len(want.Values) && !isSubsequence(want.Values, values)) {
				p.left = append(p.left, "the order of the values of enum "+name(cur.Schema, cur.Name))
			}
			p.addValues(cur, values)
		}
	}
}

// rebuilds recreates enums that lose values or change their order. It restores only the objects that were written by hand. Diff then adds
// those of the schema, which it finds missing.
func rebuilds(cur, want *catalog.Catalog, o Options) (steps []step) {
	for i := range want.Enums {
		w := &want.Enums[i]
		e := enumOf(cur, w.Schema, w.Name)
		if e == nil || slices.Equal(e.Values, w.Values) || gains(e, w) || !o.mayRebuild(e, w) {
			continue
		}
		byHand := func(d dependent) bool { return d.byHand(want) }
		up := rebuild(cur, e, w.Values, all, byHand)
		up[0] = replacements(cur, e, w.Values) + up[0]
		steps = append(steps, step{up: up, down: rebuild(cur, e, e.Values, byHand, all), of: []object{enumObject(e)}})
	}
	return steps
}

func isSubsequence(part, of []string) bool {
	for _, v := range of {
		if len(part) > 0 && part[0] == v {
			part = part[1:]
		}
	}
	return len(part) == 0
}

// withOld returns the old values and the new ones, each one after the value that it follows in want.
func withOld(old, want []string) []string {
	values := slices.Clone(old)
	for i, v := range want {
		if slices.Contains(values, v) {
			continue
		}
		at := 0
		if i > 0 {
			at = slices.Index(values, want[i-1]) + 1
		}
		values = slices.Insert(values, at, v)
	}
	return values
}

// addValues adds missing values to an enum. To undo that, the type must be recreated.
func (p *planner) addValues(cur *catalog.Enum, values []string) {
	up := additions(cur, values)
	if len(up) == 0 {
		return
	}
	longer := *cur
	longer.Values = values
	p.values = append(p.values, step{up: up, down: rebuild(p.cur, &longer, cur.Values, all, all), of: []object{enumObject(cur)}})
}

// additions returns the statements that add missing values to an enum.
func additions(cur *catalog.Enum, values []string) (up []string) {
	now := slices.Clone(cur.Values)
	for i, v := range values {
		if slices.Contains(now, v) {
			continue
		}
		place := ""
		switch {
		case i > 0:
			place = " AFTER " + literal(values[i-1])
			now = slices.Insert(now, slices.Index(now, values[i-1])+1, v)
		case len(now) > 0:
			place = " BEFORE " + literal(now[0])
			now = slices.Insert(now, 0, v)
		}
		up = append(up, fmt.Sprintf("ALTER TYPE %s ADD VALUE %s%s", name(cur.Schema, cur.Name), literal(v), place))
	}
	return up
}

// dependent is a default, a check, a reference or an index that depends on an enum. Postgres does not let the type change under it.
type dependent struct {
	table             *catalog.Table
	constraint, index string              // its name; a default has neither
	reference         *catalog.Constraint // of a reference
	foreign           bool                // an index that the schema language cannot express
	drop, create      string
}

// byHand reports whether a person wrote a dependent: the schema does not create it.
func (d dependent) byHand(want *catalog.Catalog) bool {
	t := want.Table(d.table.Schema, d.table.Name)
	if t == nil {
		return true
	}
	if d.foreign || (d.reference != nil && Foreign(d.table, d.reference, want.Table(d.reference.Target()))) {
		return true
	}
	object := d.constraint + d.index
	ours := ownName.MatchString(object) && strings.HasPrefix(object, t.Name+"_")
	otherConstraint := d.constraint != "" && constraintOf(t, d.constraint) == nil
	otherIndex := d.index != "" && byName(indexesOf(want, t), d.index) == nil
	return !ours && (otherConstraint || otherIndex)
}

func all(dependent) bool { return true }

// rebuild replaces an enum with one that has other values. It first drops the dependents that dropped selects, and at the end
// creates those that created selects.
func rebuild(c *catalog.Catalog, e *catalog.Enum, values []string, dropped, created func(dependent) bool) []string {
	full := catalogName(e.Schema, e.Name)
	var before, change, after []string
	for i := range c.Tables {
		t := &c.Tables[i]
		columns := slices.DeleteFunc(columnsOfType(t, full), func(col catalog.Column) bool { return inherits(c, t, col.Name) })
		if len(columns) == 0 {
			continue
		}
		change = append(change, changeType(t, columns, full))
		for _, d := range dependents(c, t, columns, full) {
			if dropped(d) {
				before = append(before, d.drop)
			}
			if created(d) {
				after = append(after, d.create)
			}
		}
	}
	old := cut(e.Name) + "_old"
	replace := []string{"ALTER TYPE " + name(e.Schema, e.Name) + " RENAME TO " + ident(old), createEnum(e, values)}
	return slices.Concat(before, replace, change, []string{"DROP TYPE " + name(e.Schema, old)}, after)
}

// inherits reports whether a column changes with that of a parent: of the partitioned table, or of one that the table inherits from.
func inherits(c *catalog.Catalog, t *catalog.Table, column string) bool {
	return len(t.Parents) > 0 && slices.ContainsFunc(c.Tables, func(parent catalog.Table) bool {
		return slices.Contains(t.Parents, catalogName(parent.Schema, parent.Name)) && parent.Column(column) != nil
	})
}

// columnsOfType returns the columns of a table that hold values of an enum or arrays of them.
func columnsOfType(t *catalog.Table, enum string) []catalog.Column {
	return slices.DeleteFunc(slices.Clone(t.Columns), func(c catalog.Column) bool { return c.Type != enum && c.Type != enum+"[]" })
}

// changeType moves columns from the renamed enum to the new one of its name, by the text of their values.
func changeType(t *catalog.Table, columns []catalog.Column, enum string) string {
	commands := make([]string, len(columns))
	for i, c := range columns {
		text, typ := strings.Replace(c.Type, enum, "text", 1), short(c.Type)
		commands[i] = fmt.Sprintf("ALTER COLUMN %[1]s TYPE %[2]s USING %[1]s::%[3]s::%[2]s", ident(c.Name), typ, text)
	}
	return alter(tableName(t), commands...)
}

// concerns reports whether a constraint is on one of some columns. The other end of a reference changes its type apart from it.
func concerns(x *catalog.Constraint, columns []catalog.Column) bool {
	return slices.ContainsFunc(columns, func(c catalog.Column) bool { return slices.Contains(x.Columns, c.Name) })
}

// dependents returns the defaults of some columns, the references from them, and the checks and indexes of their table that name an enum.
func dependents(c *catalog.Catalog, t *catalog.Table, columns []catalog.Column, enum string) (list []dependent) {
	table := tableName(t)
	for _, col := range columns {
		if col.Default != "" {
			column := "ALTER COLUMN " + ident(col.Name)
			list = append(list, dependent{table: t, drop: alter(table, column+" DROP DEFAULT"), create: alter(table, column+" SET DEFAULT "+short(col.Default))})
		}
	}
	for i := range t.Constraints {
		if x := &t.Constraints[i]; (x.Kind == "check" && strings.Contains(x.Definition, "::"+enum)) || (x.Kind == "foreign key" && concerns(x, columns)) {
			d := dependent{table: t, constraint: x.Name, drop: alter(table, dropConstraint(x)), create: alter(table, addConstraint(x))}
			if x.Kind == "foreign key" {
				d.reference = x
			}
			list = append(list, d)
		}
	}
	for _, x := range indexesOf(c, t) {
		if strings.Contains(x.Definition, "::"+enum) {
			list = append(list, dependent{table: t, index: x.Name, foreign: !Expressible(x, t), drop: "DROP INDEX " + name(x.Schema, x.Name), create: plainIndex(x)})
		}
	}
	return list
}
