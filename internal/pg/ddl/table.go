package ddl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// createTables creates tables after the tables that they refer to. References in a cycle are added last.
func (p *planner) createTables(tables []*catalog.Table) {
	made := map[string]bool{}
	for i := range p.cur.Tables {
		made[tableKey(&p.cur.Tables[i])] = true
	}
	waiting := slices.Clone(tables)
	var references []step
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(t *catalog.Table) bool { return ready(t, made) })
		next = max(next, 0) // a cycle: start with any table
		t := waiting[next]
		made[tableKey(t)] = true
		inline := func(c catalog.Constraint) bool { return made[referenced(&c)] }
		p.main = append(p.main, one(p.createTable(t, inline), "DROP TABLE "+tableName(t)).changing(tableObject(t)))
		for i := range t.Constraints {
			if c := &t.Constraints[i]; c.Kind == "foreign key" && !inline(*c) {
				references = append(references, one(alter(tableName(t), p.addConstraintOf(t, c)), alter(tableName(t), dropConstraint(c))).changing(constraintObject(t, c)))
			}
		}
		waiting = slices.Delete(waiting, next, next+1)
	}
	p.main = append(p.main, references...)
	for _, t := range tables {
		for _, i := range indexesOf(p.want, t) {
			p.main = append(p.main, one(p.index(i), "DROP INDEX "+name(i.Schema, i.Name)).changing(indexObject(i)))
		}
	}
}

func ready(t *catalog.Table, made map[string]bool) bool {
	return !slices.ContainsFunc(t.Constraints, func(c catalog.Constraint) bool {
		to := referenced(&c)
		return to != "" && !made[to] && to != tableKey(t)
	})
}

// referenced returns the tableKey of the table that a foreign key refers to, and "" for other constraints.
func referenced(c *catalog.Constraint) string {
	if c.Kind != "foreign key" {
		return ""
	}
	schema, table := c.Target()
	return schema + "." + table
}

// createTable writes a table with its constraints. inline selects the foreign keys.
func (p *planner) createTable(t *catalog.Table, inline func(catalog.Constraint) bool) string {
	var lines []string
	for i := range t.Columns {
		lines = append(lines, p.column(t, &t.Columns[i]))
	}
	order := []string{"primary key", "unique", "check", "exclusion", "foreign key"}
	for _, kind := range order {
		for i := range t.Constraints {
			if c := &t.Constraints[i]; c.Kind == kind && (kind != "foreign key" || inline(*c)) {
				lines = append(lines, "CONSTRAINT "+ident(c.Name)+" "+p.constraint(t, c))
			}
		}
	}
	unlogged := ""
	if t.Unlogged {
		unlogged = "UNLOGGED "
	}
	return fmt.Sprintf("CREATE %sTABLE %s (\n  %s\n)", unlogged, tableName(t), strings.Join(lines, ",\n  "))
}

// columnDefinition writes a column for CREATE TABLE.
func columnDefinition(c *catalog.Column) string {
	words := []string{ident(c.Name), short(c.Type)}
	if c.Collation != "" {
		words = append(words, "COLLATE "+short(c.Collation))
	}
	switch {
	case c.Generated != "":
		words = append(words, "GENERATED ALWAYS AS ("+short(c.Default)+") "+strings.ToUpper(c.Generated))
	case c.Identity != "":
		words = append(words, "GENERATED "+strings.ToUpper(c.Identity)+" AS IDENTITY")
	case c.Default != "":
		words = append(words, "DEFAULT "+short(c.Default))
	}
	if c.NotNull && c.Identity == "" {
		words = append(words, "NOT NULL")
	}
	return strings.Join(words, " ")
}

// indexesOf returns the indexes of a table that do not back a constraint.
func indexesOf(c *catalog.Catalog, t *catalog.Table) (list []*catalog.Index) {
	for i := range c.Indexes {
		if x := &c.Indexes[i]; x.Schema == t.Schema && x.Table == t.Name && !x.Constraint {
			list = append(list, x)
		}
	}
	return list
}

// dropTables drops the tables that only cur has. It drops a table before those that it refers to.
func (p *planner) dropTables() {
	gone := p.goneTables()
	var references, drops []step
	for len(gone) > 0 {
		next := slices.IndexFunc(gone, func(t *catalog.Table) bool { return !referredTo(gone, t) })
		if next < 0 { // a cycle: drop its references first
			references = append(references, dropReferences(gone, gone[0])...)
			continue
		}
		drops = append(drops, p.dropTable(gone[next]))
		gone = slices.Delete(gone, next, next+1)
	}
	p.main = slices.Concat(p.main, references, drops)
}

// goneTables returns the tables that only cur has and that may be dropped. It lists the others as left.
func (p *planner) goneTables() (gone []*catalog.Table) {
	for i := range p.cur.Tables {
		t := &p.cur.Tables[i]
		switch {
		case p.gone[tableKey(t)]:
			p.noteDroppedTable(t)
			gone = append(gone, t)
		case p.isGone(t):
			p.left = append(p.left, "table "+tableName(t))
		}
	}
	return gone
}

// isGone reports whether the schema had a table and no longer has it.
func (p *planner) isGone(t *catalog.Table) bool {
	return p.want.Table(t.Schema, t.Name) == nil && t.Kind == "table" && Unmanaged(p.cur, t) == ""
}

func (p *planner) dropTable(t *catalog.Table) step {
	down := []string{p.createTable(t, func(catalog.Constraint) bool { return true })}
	for _, i := range indexesOf(p.cur, t) {
		down = append(down, plainIndex(i))
	}
	return step{up: []string{"DROP TABLE " + tableName(t)}, down: down, table: tableKey(t), of: []object{tableObject(t)}}
}

// dropReferences drops one foreign key to a table from each other table of a list, and removes it from the catalog.
func dropReferences(list []*catalog.Table, to *catalog.Table) (steps []step) {
	for _, t := range list {
		at := slices.IndexFunc(t.Constraints, func(c catalog.Constraint) bool { return refersTo(&c, to) })
		if t == to || at < 0 {
			continue
		}
		c := &t.Constraints[at]
		steps = append(steps, one(alter(tableName(t), dropConstraint(c)), alter(tableName(t), addConstraint(c))).changing(constraintObject(t, c)))
		t.Constraints = slices.Delete(slices.Clone(t.Constraints), at, at+1)
	}
	return steps
}

// refersTo reports whether a constraint is a foreign key to a table.
func refersTo(c *catalog.Constraint, to *catalog.Table) bool { return referenced(c) == tableKey(to) }

// referredTo reports whether another table of a list refers to one.
func referredTo(list []*catalog.Table, t *catalog.Table) bool {
	return slices.ContainsFunc(list, func(other *catalog.Table) bool {
		return other != t && slices.ContainsFunc(other.Constraints, func(c catalog.Constraint) bool { return refersTo(&c, t) })
	})
}
