package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// demand is what a constraint or a type demands of the rows of a table: a condition, a reference, or values that differ from row to row.
type demand struct {
	version int64 // of the migration that makes it; 0 is the present
	table   tableName
	columns []demanded

	condition string    // an SQL expression over the columns
	target    tableName // for a reference
	targets   []string  // the columns there
	isUnique  bool
	isNotNull bool
	isOfType  bool // the condition says nothing but that a value is one of the type
}

// demanded is a column in a demand.
type demanded struct {
	name    string // in the condition
	current string // in the database
	kind    string // the type that it has in the condition
}

// key identifies what is demanded.
func (d demand) key() string {
	return fmt.Sprint(d.columns, d.condition, d.target, d.targets, d.isUnique)
}

// isOnOneColumn reports whether the demand is a condition on a single column.
func (d demand) isOnOneColumn() bool { return len(d.columns) == 1 && d.condition != "" }

// isAbout reports whether a table has all columns of the demand.
func (d demand) isAbout(t *catalog.Table) bool {
	return !slices.ContainsFunc(d.columns, func(c demanded) bool { return t.Column(c.current) == nil })
}

// has reports whether a column is part of the demand.
func (d demand) has(column string) bool {
	return slices.ContainsFunc(d.columns, func(c demanded) bool { return c.current == column })
}

// demandsOf returns all demands on the rows of a table.
func demandsOf(c *catalog.Catalog, t *catalog.Table) (list []demand) {
	on := func(names ...string) demand {
		d := demand{table: nameOf(t)}
		for _, name := range names {
			if column := t.Column(name); column != nil {
				d.columns = append(d.columns, demanded{name, name, column.Type})
			}
		}
		return d
	}
	for _, column := range t.Columns {
		list = append(list, typeDemand(c, on(column.Name)))
		if column.NotNull {
			d := on(column.Name)
			d.isNotNull, d.condition = true, pg.QuoteIdent(column.Name)+" IS NOT NULL"
			list = append(list, d)
		}
	}
	for i := range t.Constraints {
		k := &t.Constraints[i]
		d := on(k.Columns...)
		switch k.Kind {
		case "check":
			d.condition = checked(k.Definition)
		case "foreign key":
			d.target.schema, d.target.name = k.Target()
			d.targets = targetColumns(k)
		case "unique", "primary key":
			d.isUnique = true
		default:
			continue
		}
		if len(d.columns) == len(k.Columns) {
			list = append(list, d)
		}
	}
	for _, i := range c.Indexes {
		ofTable := (i.Schema == t.Schema) && (i.Table == t.Name)
		if !ofTable || !i.Unique || i.Constraint {
			continue
		}
		d := on(sqltext.UnquoteAll(i.Columns)...)
		if d.isUnique = true; len(d.columns) == len(i.Columns) { // and no expressions
			list = append(list, d)
		}
	}
	return list
}

// typeDemand demands that the text of a value is one of the column's type, and not longer than the type allows.
func typeDemand(c *catalog.Catalog, d demand) demand {
	column := &d.columns[0]
	name := pg.QuoteIdent(column.name)
	if length := typeLength.FindStringSubmatch(column.kind); length != nil && isText(column.kind) {
		column.kind, d.condition = "text", fmt.Sprintf("length(%s) <= %s", name, length[1])
		return d
	}
	if e := enumOf(c, column.kind); e != nil {
		labels := make([]string, len(e.Values))
		for i, label := range e.Values {
			labels[i] = pg.QuoteLiteral(label)
		}
		// The type may not exist yet.
		column.kind, d.condition = "text", fmt.Sprintf("%s = ANY (ARRAY[%s]::text[])", name, strings.Join(labels, ", "))
		return d
	}
	d.isOfType, d.condition = true, fmt.Sprintf("%[1]s::text IS NOT DISTINCT FROM %[1]s::text", name)
	return d
}

// enumOf returns the enum with the name of a type, or nil.
func enumOf(c *catalog.Catalog, kind string) *catalog.Enum {
	for i, e := range c.Enums {
		if kind == e.Schema+"."+e.Name || kind == pg.QuoteIdent(e.Schema)+"."+pg.QuoteIdent(e.Name) {
			return &c.Enums[i]
		}
	}
	return nil
}

// checked returns the condition of a check.
func checked(definition string) string {
	definition = strings.TrimSuffix(strings.TrimSuffix(definition, " NOT VALID"), " NO INHERIT")
	return strings.TrimPrefix(definition, "CHECK ")
}

// targetColumns returns the columns that a foreign key refers to.
func targetColumns(k *catalog.Constraint) []string {
	match := foreignKey.FindStringSubmatch(k.Definition)
	if match == nil {
		return nil
	}
	return sqltext.UnquoteAll(strings.Split(match[1], ", "))
}

func isText(kind string) bool {
	base, _, _ := strings.Cut(kind, "(")
	return slices.Contains([]string{"text", "character varying", "character", "citext"}, base)
}
