package ddl

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// rebuilding replaces an enum with one of its name that has other values. Postgres binds columns, domains and functions to a type and not to
// its name, so what is bound to the enum is replaced too.
type rebuilding struct {
	*catalog.Catalog
	enum    *catalog.Enum
	bound   []*binding // domains and functions, each after those that it uses
	indexes map[string][]*catalog.Index
	options Options
	want    *catalog.Catalog
}

// rebuild returns the statements that replace an enum. They first drop the dependents that dropped selects, and at the end create those that
// created selects.
func (o Options) rebuild(c, want *catalog.Catalog, e *catalog.Enum, values []string, dropped, created func(dependent) bool) []string {
	r := &rebuilding{Catalog: c, enum: e, bound: bindings(c, e), indexes: map[string][]*catalog.Index{}, options: o, want: want}
	for i := range c.Indexes {
		if x := &c.Indexes[i]; !x.Constraint {
			r.indexes[x.Schema+"."+x.Table] = append(r.indexes[x.Schema+"."+x.Table], x)
		}
	}
	var before, last, change, after []string // last drops generated columns, after what is over them
	for i := range c.Tables {
		t := &c.Tables[i]
		columns := r.columns(t)
		if len(columns) == 0 && len(t.Parents) > 0 { // it changes with its parents
			continue
		}
		list := r.dependents(t, columns)
		for _, d := range list {
			switch {
			case !dropped(d):
			case d.generated:
				last = append(last, d.drop)
			default:
				before = append(before, d.drop)
			}
			if created(d) {
				after = append(after, d.create...)
			}
		}
		if sql := r.changeTypes(t, columns); sql != "" {
			change = append(change, sql)
		}
	}
	old := cut(e.Name) + "_old"
	replace := []string{"ALTER TYPE " + name(e.Schema, e.Name) + " RENAME TO " + ident(old), createEnum(e, values)}
	replace = append(replace, labels("TYPE", name(e.Schema, e.Name), e.Comment, e.Grants)...)
	aside, early, late, gone := r.rebind()
	return slices.Concat(aside, before, last, replace, early, change, late, gone, []string{"DROP TYPE " + name(e.Schema, old)}, after)
}

// column returns the definition of a column as the schema writes it, where that is the same to Postgres: lint compares texts.
func (r *rebuilding) column(t *catalog.Table, c *catalog.Column) string {
	definition := columnDefinition(c)
	if w := r.want.Table(t.Schema, t.Name); w != nil {
		if same := w.Column(c.Name); same != nil && columnDefinition(same) == definition {
			return cmp.Or(r.options.written["column "+t.Name+"."+c.Name], definition)
		}
	}
	return definition
}

// types returns the qualified names of the types that are replaced.
func (r *rebuilding) types() []string {
	list := []string{catalogName(r.enum.Schema, r.enum.Name)}
	for _, b := range r.bound {
		if b.isDomain() {
			list = append(list, b.name)
		}
	}
	return list
}

// uses reports whether SQL is bound to something that is replaced.
func (r *rebuilding) uses(sql string) bool {
	if sql == "" {
		return false
	}
	return mentions(sql, catalogName(r.enum.Schema, r.enum.Name)) || slices.ContainsFunc(r.bound, func(b *binding) bool { return b.isIn(sql) })
}

// columns returns the columns of a table that hold values of a replaced type or arrays of them, and that no parent changes.
func (r *rebuilding) columns(t *catalog.Table) (list []catalog.Column) {
	for _, typ := range r.types() {
		list = append(list, columnsOfType(t, typ)...)
	}
	return slices.DeleteFunc(list, func(c catalog.Column) bool { return inherits(r.Catalog, t, c.Name) })
}

// changeTypes moves columns from the former types to the new ones of their names, by the text of their values. Generated columns are gone.
func (r *rebuilding) changeTypes(t *catalog.Table, columns []catalog.Column) string {
	var commands []string
	for _, c := range columns {
		if c.Generated != "" {
			continue
		}
		text := "text"
		if strings.HasSuffix(c.Type, "[]") {
			text = "text[]"
		}
		commands = append(commands, fmt.Sprintf("ALTER COLUMN %[1]s TYPE %[2]s USING %[1]s::%[3]s::%[2]s", ident(c.Name), short(c.Type), text))
	}
	if len(commands) == 0 {
		return ""
	}
	return alter(tableName(t), commands...)
}

// inherits reports whether a column changes with that of a parent: of the partitioned table, or of one that the table inherits from.
func inherits(c *catalog.Catalog, t *catalog.Table, column string) bool {
	return len(t.Parents) > 0 && slices.ContainsFunc(c.Tables, func(parent catalog.Table) bool {
		return slices.Contains(t.Parents, catalogName(parent.Schema, parent.Name)) && parent.Column(column) != nil
	})
}

// columnsOfType returns the columns of a table that hold values of a type or arrays of them.
func columnsOfType(t *catalog.Table, typ string) []catalog.Column {
	return slices.DeleteFunc(slices.Clone(t.Columns), func(c catalog.Column) bool { return c.Type != typ && c.Type != typ+"[]" })
}
