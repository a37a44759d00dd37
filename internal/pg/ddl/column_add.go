package ddl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// steady matches a default that is the same for all rows of a statement.
var steady = regexp.MustCompile(`^(now\(\)|CURRENT_[A-Z]+(\(\d\))?|'(?:[^']|'')*'(::.+)?|\(?-?[0-9.]+\)?(::.+)?|true|false|ARRAY\[\](::.+)?|NULL(::.+)?)$`)

func (p *planner) addColumn(c *columnChange, t *catalog.Table, column *catalog.Column) {
	name := ident(column.Name)
	drop := "DROP COLUMN " + name
	bare := *column
	switch {
	case column.Generated != "" || column.Identity != "":
		c.add("ADD COLUMN "+columnDefinition(column), drop)
	case column.Default != "" && !steady.MatchString(column.Default):
		// If the column had its default from the start, Postgres would evaluate it for every row and rewrite the table.
		bare.Default, bare.NotNull = "", false
		c.add("ADD COLUMN "+columnDefinition(&bare), drop)
		c.add("ALTER COLUMN "+name+" SET DEFAULT "+short(column.Default), "ALTER COLUMN "+name+" DROP DEFAULT")
		if column.NotNull {
			p.online = append(p.online, step{up: []string{p.fillRows(t, column)}, of: []object{columnObject(t, column.Name)}})
			p.setNotNull(t, column)
		}
	case column.NotNull && column.Default == "":
		bare.NotNull = false
		c.add("ADD COLUMN "+columnDefinition(&bare), drop)
		p.fill = append(p.fill, t.Name+"."+column.Name)
		p.setNotNull(t, column)
	default:
		c.add("ADD COLUMN "+p.column(t, column)+p.inlineReference(t, column), drop)
	}
}

// inlineReference returns the foreign key of a new column that is null in all rows. If it is added together with the column, Postgres does
// not scan the table.
func (p *planner) inlineReference(t *catalog.Table, column *catalog.Column) string {
	if c := inlined(t, column.Name); c != nil && !column.NotNull && column.Default == "" {
		_, references, _ := strings.Cut(p.constraint(t, c), " REFERENCES ")
		return " CONSTRAINT " + ident(c.Name) + " REFERENCES " + references
	}
	return ""
}

func inlined(t *catalog.Table, column string) *catalog.Constraint {
	for i := range t.Constraints {
		if c := &t.Constraints[i]; c.Kind == "foreign key" && slices.Equal(c.Columns, []string{column}) {
			return c
		}
	}
	return nil
}

func (p *planner) fillRows(t *catalog.Table, column *catalog.Column) string {
	if p.Plain {
		return fmt.Sprintf("UPDATE %[1]s SET %[2]s = DEFAULT WHERE %[2]s IS NULL", tableName(t), ident(column.Name))
	}
	return fill(t, column)
}

// fill sets the default in existing rows, in batches. It ends also when the default is NULL.
func fill(t *catalog.Table, column *catalog.Column) string {
	return fmt.Sprintf(`DO $$
BEGIN
  FOR batch IN 0..(SELECT count(*) / 1000 FROM %[1]s WHERE %[2]s IS NULL) LOOP
    UPDATE %[1]s SET %[2]s = DEFAULT
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM %[1]s WHERE %[2]s IS NULL LIMIT 1000 FOR UPDATE));
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END $$`, tableName(t), ident(column.Name))
}

// setNotNull adds NOT NULL without blocking others: Postgres checks the rows with a weak lock, and then does not scan them again.
func (p *planner) setNotNull(t *catalog.Table, column *catalog.Column) {
	table, name := tableName(t), ident(column.Name)
	check := ident(cut(t.Name+"_"+column.Name) + "_not_null")
	p.online = append(p.online, step{
		up: []string{
			alter(table, "ADD CONSTRAINT "+check+" CHECK ("+name+" IS NOT NULL) NOT VALID"),
			alter(table, "VALIDATE CONSTRAINT "+check),
			alter(table, "ALTER COLUMN "+name+" SET NOT NULL"),
			alter(table, "DROP CONSTRAINT "+check),
		},
		down: []string{alter(table, "ALTER COLUMN "+name+" DROP NOT NULL")},
		of:   []object{columnObject(t, column.Name)},
	})
}

// cut shortens a name to leave room for a suffix.
func cut(name string) string { return strings.ToValidUTF8(name[:min(len(name), 50)], "") }
