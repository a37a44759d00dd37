package ddl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// move is a reference that stays while the key that it holds changes, such as from id to code.
type move struct{ from, to *catalog.Constraint }

// moves returns the references of a table whose key changes.
func (p *planner) moves(cur, want *catalog.Table) (list []move) {
	for i := range want.Constraints {
		to := &want.Constraints[i]
		if from := p.formerReference(cur, want, to); from != nil {
			list = append(list, move{from, to})
		}
	}
	return list
}

// rekey adds the columns for the new keys of references and fills them through the old ones, before either is dropped. The rollback does
// the reverse. cur then has the new columns.
func (p *planner) rekey(cur, want *catalog.Table, moves []move) {
	for _, m := range moves {
		var add, drop []string
		for _, name := range m.to.Columns {
			column := *want.Column(name)
			column.NotNull, column.Default = false, ""
			add, drop = append(add, "ADD COLUMN "+columnDefinition(&column)), append(drop, "DROP COLUMN "+ident(name))
			cur.Columns = append(slices.Clone(cur.Columns), column)
			p.filled = append(p.filled, cur.Name+"."+name)
		}
		table := tableName(cur)
		p.main = append(p.main, step{
			up:   append(p.mustBeKey(m.to), alter(table, add...), refill(cur, m.from, m.to)),
			down: []string{refill(cur, m.to, m.from), alter(table, drop...)}, table: tableKey(cur), of: p.moved(cur, m),
		})
	}
}

// moved returns what is left out when a reference cannot move to another key: that key, and both forms of the reference.
func (p *planner) moved(t *catalog.Table, m move) []object {
	of := []object{constraintObject(t, m.to)}
	if to := p.want.Table(m.to.Target()); to != nil {
		for i := range to.Constraints {
			if c := &to.Constraints[i]; c.Kind == "primary key" && slices.Equal(c.Columns, referredColumns(m.to)) {
				of = append([]object{constraintObject(to, c)}, of...)
			}
		}
	}
	of = append(of, constraintObject(t, m.from))
	for _, name := range m.to.Columns {
		of = append(of, columnObject(t, name))
	}
	return of
}

// mustBeKey stops the migration while the columns of a new key are not unique: a rollback could not restore the references to such rows. Only
// the first reference to a key reads the table, which may be large.
func (p *planner) mustBeKey(to *catalog.Constraint) []string {
	key := columnsOf(referredColumns(to))
	target := to.References + " (" + key + ")"
	if slices.Contains(p.keys, target) {
		return nil
	}
	p.keys = append(p.keys, target)
	return []string{fmt.Sprintf(`DO $$
BEGIN
  IF EXISTS (SELECT FROM %[1]s GROUP BY %[2]s HAVING count(*) > 1 OR num_nulls(%[2]s) > 0) THEN
    RAISE EXCEPTION '%% cannot be the key: values are missing or not unique', %[3]s;
  END IF;
END $$`, name(to.Target()), key, literal(target))}
}

// formerReference returns the foreign key of a table that c replaces: it refers to another key of the same rows. It returns nil if the table
// has no such foreign key, or if the target does not have both keys at once.
func (p *planner) formerReference(cur, want *catalog.Table, c *catalog.Constraint) *catalog.Constraint {
	if c.Kind != "foreign key" || slices.ContainsFunc(c.Columns, func(column string) bool { return cur.Column(column) != nil }) {
		return nil
	}
	target := p.cur.Table(c.Target())
	if target == nil || slices.ContainsFunc(referredColumns(c), func(column string) bool { return target.Column(column) == nil }) {
		return nil
	}
	for i := range cur.Constraints {
		old := &cur.Constraints[i]
		if old.Kind != "foreign key" || referenced(old) != referenced(c) || !slices.Equal(stems(old), stems(c)) {
			continue
		}
		if !slices.ContainsFunc(old.Columns, func(column string) bool { return want.Column(column) != nil || !p.mayDropColumn(cur, column) }) {
			return old
		}
	}
	return nil
}

// stems returns the names of a foreign key's columns without the names of the columns that they refer to, without duplicates: author of
// author_id and author_code.
func stems(c *catalog.Constraint) (list []string) {
	to := referredColumns(c)
	for i, name := range c.Columns {
		if i < len(to) {
			name = strings.TrimSuffix(name, "_"+to[i])
		}
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// refill fills the columns of one foreign key from the rows that another one refers to.
func refill(t *catalog.Table, from, to *catalog.Constraint) string {
	alias := "target"
	for alias == t.Name || alias == from.References {
		alias += "_"
	}
	var values, conditions []string
	for i, column := range referredColumns(to) {
		values = append(values, fmt.Sprintf("%s = %s.%s", ident(to.Columns[i]), alias, ident(column)))
	}
	for i, column := range referredColumns(from) {
		conditions = append(conditions, fmt.Sprintf("%s.%s = %s.%s", alias, ident(column), ident(t.Name), ident(from.Columns[i])))
	}
	return fmt.Sprintf("UPDATE %s SET %s FROM %s %s WHERE %s", tableName(t), strings.Join(values, ", "), name(from.Target()), alias, strings.Join(conditions, " AND "))
}
