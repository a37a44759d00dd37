package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// alterConstraints adds and changes the constraints of an existing table.
func (p *planner) alterConstraints(cur, want *catalog.Table) {
	found := pairs(cur, want)
	for i := range want.Constraints {
		c := &want.Constraints[i]
		old := found[c]
		switch {
		case c.Kind == "not null" || p.isInline(cur, want, c):
		case old == nil && c.Kind == "primary key" && slices.Equal(Key(cur), c.Columns): // or a unique constraint serves as the key
		case old == nil && p.uniqueIndex(cur, c):
		case old == nil:
			p.addConstraint(want, c, nil)
		case !satisfies(cur, old, c):
			p.addConstraint(want, c, old)
		default:
			p.renameConstraint(want, old, c) // one that is NOT VALID stays so: rows may violate it
		}
	}
}

// renameConstraint renames a constraint whose name comes from a renamed table or column.
func (p *planner) renameConstraint(want *catalog.Table, old, c *catalog.Constraint) {
	renamed := p.former[want.Name] != "" || slices.ContainsFunc(c.Columns, func(column string) bool { return p.former[want.Name+"."+column] != "" })
	if old.Name == c.Name || !renamed {
		return
	}
	table := tableName(want)
	p.main = append(p.main, one(alter(table, "RENAME CONSTRAINT "+ident(old.Name)+" TO "+ident(c.Name)),
		alter(table, "RENAME CONSTRAINT "+ident(c.Name)+" TO "+ident(old.Name))).renaming(constraintObject(want, c), constraintObject(want, old)))
}

// isInline reports whether a foreign key is added together with its column.
func (p *planner) isInline(cur, want *catalog.Table, c *catalog.Constraint) bool {
	if len(c.Columns) != 1 || cur.Column(c.Columns[0]) != nil || inlined(want, c.Columns[0]) != c {
		return false
	}
	return p.inlineReference(want, want.Column(c.Columns[0])) != ""
}

// addConstraint adds a constraint without holding a strong lock for long. It replaces old, unless old is nil.
func (p *planner) addConstraint(t *catalog.Table, c, old *catalog.Constraint) {
	table := tableName(t)
	var before, undo []string
	if (old != nil) && !p.goesWithColumn(t, old) {
		before, undo = []string{dropConstraint(old)}, []string{addConstraint(old)}
	}
	undo = append(p.nullableAgain(t, c), undo...)
	down := []string{alter(table, append([]string{dropConstraint(c)}, undo...)...)}
	of := []object{constraintObject(t, c)}
	isPartitioned := p.cur.Table(t.Schema, t.Name).Kind == "partitioned table"
	switch {
	case isPartitioned && c.Kind != "check": // Postgres has no other way
		p.main = append(p.main, step{up: []string{alter(table, append(before, p.addConstraintOf(t, c))...)}, down: down, table: tableKey(t), of: of})
	case c.Kind == "check" || c.Kind == "foreign key":
		s := step{up: []string{
			alter(table, append(before, p.addConstraintOf(t, c)+" NOT VALID")...),
			alter(table, "VALIDATE CONSTRAINT "+ident(c.Name)),
		}, down: down, of: of}
		if p.refersToNewKey(c) {
			p.last = append(p.last, lone{c.Name, []step{s}})
		} else {
			p.online = append(p.online, s)
		}
	case c.Kind == "unique" || c.Kind == "primary key":
		index := ident(c.Name)
		if old != nil {
			index = ident(cut(c.Name) + "_next")
		}
		kind, columns, _ := strings.Cut(p.constraint(t, c), " (")
		p.alone = append(p.alone, lone{c.Name, []step{{up: []string{
			"CREATE UNIQUE INDEX " + p.concurrently() + index + " ON " + table + " (" + columns,
			alter(table, append(before, "ADD CONSTRAINT "+ident(c.Name)+" "+kind+" USING INDEX "+index)...),
		}, down: down, of: of}}})
	default:
		p.main = append(p.main, step{up: []string{alter(table, append(before, p.addConstraintOf(t, c))...)}, down: down, table: tableKey(t), of: of})
	}
}

// nullableAgain returns the commands that make columns of a new primary key nullable again if they were nullable before.
func (p *planner) nullableAgain(t *catalog.Table, c *catalog.Constraint) (undo []string) {
	cur := p.cur.Table(t.Schema, t.Name)
	for _, column := range c.Columns {
		if old := cur.Column(column); c.Kind == "primary key" && old != nil && !old.NotNull {
			undo = append(undo, "ALTER COLUMN "+ident(column)+" DROP NOT NULL")
		}
	}
	return undo
}

// goesWithColumn reports whether a constraint is dropped, and its rollback recreated, together with a column.
func (p *planner) goesWithColumn(t *catalog.Table, c *catalog.Constraint) bool {
	return slices.ContainsFunc(c.Columns, func(column string) bool { return t.Column(column) == nil && p.mayDropColumn(t, column) })
}

// refersToNewKey reports whether a foreign key refers to columns that become a key only in a later file.
func (p *planner) refersToNewKey(c *catalog.Constraint) bool {
	if c.Kind != "foreign key" {
		return false
	}
	cur, want := p.cur.Table(c.Target()), p.want.Table(c.Target())
	if (cur == nil) || (want == nil) {
		return false
	}
	isOver := func(x catalog.Constraint) bool {
		return (x.Kind == "primary key" || x.Kind == "unique") && slices.Equal(x.Columns, referredColumns(c))
	}
	return slices.ContainsFunc(want.Constraints, isOver) && !slices.ContainsFunc(cur.Constraints, isOver)
}
