package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// dropConstraints drops the constraints that a table no longer has. They come first, since they could block other changes.
func (p *planner) dropConstraints(cur, want *catalog.Table) {
	moves := p.moves(cur, want)
	p.dropReferencesToGone(cur, want, moves)
	p.rekey(cur, want, moves)
	kept := map[*catalog.Constraint]bool{}
	for _, old := range pairs(cur, want) {
		kept[old] = true
	}
	for i := range cur.Constraints {
		c := &cur.Constraints[i]
		if kept[c] || !p.isManaged(cur, c, kept) {
			continue
		}
		if slices.ContainsFunc(c.Columns, func(column string) bool { return want.Column(column) == nil }) {
			continue // it is dropped or kept together with its column
		}
		if p.droppable(cur.Name, c.Name, "constraint") {
			p.dropped[tableKey(cur)+"."+c.Name] = true
			s := one(alter(tableName(cur), dropConstraint(c)), alter(tableName(cur), addConstraint(c))).changing(constraintObject(cur, c))
			s.table = tableKey(cur)
			if p.getsIndex(cur, want, c) {
				p.last = append(p.last, lone{"drop_" + c.Name, []step{s}})
			} else {
				p.main = append(p.main, s)
			}
		}
	}
}

// dropReferencesToGone drops the foreign keys of a table to tables or keys that are dropped, and those that move to another key. The schema
// may have another one in their place.
func (p *planner) dropReferencesToGone(cur, want *catalog.Table, moves []move) {
	withColumn := func(c *catalog.Constraint) bool {
		return slices.ContainsFunc(c.Columns, func(column string) bool { return want.Column(column) == nil })
	}
	cur.Constraints = slices.DeleteFunc(slices.Clone(cur.Constraints), func(c catalog.Constraint) bool {
		toGoneTable := p.gone[referenced(&c)] && !withColumn(&c)
		isMoved := slices.ContainsFunc(moves, func(m move) bool { return m.from.Name == c.Name })
		if !toGoneTable && !isMoved && !p.refersToGoneKey(&c) {
			return false
		}
		s := one(alter(tableName(cur), dropConstraint(&c)), alter(tableName(cur), addConstraint(&c))).changing(constraintObject(cur, &c))
		s.table = tableKey(cur)
		p.main = append(p.main, s)
		return true
	})
}

// refersToGoneKey reports whether a foreign key refers to a column that is dropped from another table.
func (p *planner) refersToGoneKey(c *catalog.Constraint) bool {
	if c.Kind != "foreign key" {
		return false
	}
	schema, table := c.Target()
	cur, want := p.cur.Table(schema, table), p.want.Table(schema, table)
	if (cur == nil) || (want == nil) {
		return false
	}
	return slices.ContainsFunc(referredColumns(c), func(column string) bool {
		return (want.Column(column) == nil) && p.mayDropColumn(cur, column)
	})
}

// referredColumns returns the columns that a foreign key refers to.
func referredColumns(c *catalog.Constraint) (names []string) {
	_, columns, _ := strings.Cut(c.Definition, " REFERENCES "+c.References+"(")
	for columns != "" && columns[0] != ')' {
		n, _ := sqltext.Token(columns)
		if n <= 0 {
			break
		}
		if token := columns[:n]; token != "," && strings.TrimSpace(token) != "" {
			names = append(names, sqltext.Unquote(token))
		}
		columns = columns[n:]
	}
	return names
}

func constraintOf(t *catalog.Table, name string) *catalog.Constraint {
	for i := range t.Constraints {
		if t.Constraints[i].Name == name {
			return &t.Constraints[i]
		}
	}
	return nil
}
