package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// dependent is a default, a generated column, a constraint or an index that depends on an enum. Postgres does not let the type change
// under it.
type dependent struct {
	table                     *catalog.Table
	column, constraint, index string              // the name of a column is that of a default or of a generated column
	reference                 *catalog.Constraint // of a reference
	foreign                   bool                // an index that the schema language cannot express
	generated                 bool
	drop                      string
	create                    []string
}

func all(dependent) bool { return true }

// byHand reports whether a person wrote a dependent: the schema does not create it.
func (d dependent) byHand(want *catalog.Catalog) bool {
	t := want.Table(d.table.Schema, d.table.Name)
	if t == nil {
		return true
	}
	if d.column != "" {
		return t.Column(d.column) == nil
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

// isGeneratedIn reports whether a dependent is a generated column that another catalog has in the same form.
func (d dependent) isGeneratedIn(want *catalog.Catalog) bool {
	t := want.Table(d.table.Schema, d.table.Name)
	if !d.generated || t == nil {
		return false
	}
	c := t.Column(d.column)
	return c != nil && columnDefinition(c) == columnDefinition(d.table.Column(d.column))
}

// dependents returns what depends on the columns of a table that change their type, or on a domain or function that is replaced. Each comes
// after those that it may depend on.
func (r *rebuilding) dependents(t *catalog.Table, columns []catalog.Column) (list []dependent) {
	var gone []string // generated columns, which Postgres drops with their constraints and indexes
	for i := range t.Columns {
		c := &t.Columns[i]
		isOf := func(other catalog.Column) bool { return other.Name == c.Name }
		isOver := func(other catalog.Column) bool { return names(c.Default, other.Name) }
		changes := r.uses(c.Default) || slices.ContainsFunc(columns, isOf)
		switch {
		case inherits(r.Catalog, t, c.Name):
		case c.Generated != "" && (changes || slices.ContainsFunc(columns, isOver)):
			gone = append(gone, c.Name)
			list = append(list, r.generatedColumn(t, c))
		case c.Generated == "" && c.Default != "" && changes:
			list = append(list, defaultOf(t, c))
		}
	}
	for i := range t.Constraints {
		if x := &t.Constraints[i]; !x.Inherited && r.affects(x, columns, gone) {
			list = append(list, constraintOn(t, x))
		}
	}
	for _, x := range r.indexes[tableKey(t)] {
		isGone := slices.ContainsFunc(gone, func(column string) bool { return isOver(x, column) })
		if isGone || r.uses(x.Definition) {
			create := append([]string{plainIndex(x)}, commentOn("INDEX "+name(x.Schema, x.Name), x.Comment)...)
			list = append(list, dependent{table: t, index: x.Name, foreign: !Expressible(x, t), drop: "DROP INDEX " + name(x.Schema, x.Name), create: create})
		}
	}
	return list
}

// affects reports whether a constraint must be dropped before columns change their type, or is dropped with a generated column.
func (r *rebuilding) affects(x *catalog.Constraint, columns []catalog.Column, gone []string) bool {
	isGone := slices.ContainsFunc(gone, func(column string) bool { return slices.Contains(x.Columns, column) })
	switch x.Kind {
	case "not null":
		return false
	case "foreign key": // the type of the referenced column changes separately
		return isGone || slices.ContainsFunc(columns, func(c catalog.Column) bool { return slices.Contains(x.Columns, c.Name) })
	}
	return isGone || r.uses(x.Definition)
}

func constraintOn(t *catalog.Table, x *catalog.Constraint) dependent {
	table := tableName(t)
	create := append([]string{alter(table, addConstraint(x))}, commentOn("CONSTRAINT "+ident(x.Name)+" ON "+table, x.Comment)...)
	d := dependent{table: t, constraint: x.Name, drop: alter(table, dropConstraint(x)), create: create}
	if x.Kind == "foreign key" {
		d.reference = x
	}
	return d
}

func defaultOf(t *catalog.Table, c *catalog.Column) dependent {
	table, column := tableName(t), "ALTER COLUMN "+ident(c.Name)
	return dependent{table: t, column: c.Name, drop: alter(table, column+" DROP DEFAULT"), create: []string{alter(table, column+" SET DEFAULT "+short(c.Default))}}
}

func (r *rebuilding) generatedColumn(t *catalog.Table, c *catalog.Column) dependent {
	table := tableName(t)
	create := append([]string{alter(table, "ADD COLUMN "+r.column(t, c))}, commentOn("COLUMN "+table+"."+ident(c.Name), c.Comment)...)
	for _, g := range c.Grants {
		privilege, to, _ := strings.Cut(g, " ")
		create = append(create, grant(privilege+" ("+ident(c.Name)+") "+to, "TABLE "+table))
	}
	return dependent{table: t, column: c.Name, generated: true, drop: alter(table, "DROP COLUMN "+ident(c.Name)), create: create}
}
