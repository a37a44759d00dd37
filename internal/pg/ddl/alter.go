package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// columnChange contains the commands of an ALTER TABLE that change a column, and those that undo them.
type columnChange struct {
	column    string
	up, down  []string
	afterDown []string // what Postgres would do too early within down

	losses, gone []string // what up loses of the values, and what down cannot bring back
}

func (c *columnChange) add(up, down string) {
	c.up, c.down = append(c.up, up), append([]string{down}, c.down...)
}

// alterTable changes a table to match another one of the same name.
func (p *planner) alterTable(cur, want *catalog.Table) {
	again := remade(cur, want)
	around, cur := p.detach(cur, want, again)
	around.afterUndo = append(around.afterUndo, p.indexesOfGoneColumns(cur, want)...)
	p.main = append(p.main, p.columnSteps(want, p.columnChanges(cur, want, again), around)...)
	p.alterConstraints(cur, want)
	p.alterIndexes(cur, want)
}

// columnChanges returns the changes of the columns of a table, in the order of execution. A column can have two: it is dropped before others
// change and added after them.
func (p *planner) columnChanges(cur, want *catalog.Table, again []*catalog.Column) (changes []*columnChange) {
	column := func(name string) *columnChange {
		changes = append(changes, &columnChange{column: name})
		return changes[len(changes)-1]
	}
	for _, old := range again {
		column(old.Name).add("DROP COLUMN "+ident(old.Name), "ADD COLUMN "+columnDefinition(old))
	}
	dropped := generatedLast(cur)
	slices.Reverse(dropped) // the rollback adds them in the order that they had, and generated ones after what they are computed from
	restored := map[string]bool{}
	for _, old := range dropped {
		if want.Column(old.Name) == nil {
			p.dropColumn(column(old.Name), cur, old, restored)
		}
	}
	for _, w := range generatedLast(want) {
		switch old := cur.Column(w.Name); {
		case old == nil:
			p.addColumn(column(w.Name), want, w)
		case slices.Contains(again, old):
			column(w.Name).add("ADD COLUMN "+columnDefinition(w), "DROP COLUMN "+ident(w.Name))
		default:
			p.alterColumn(column(w.Name), want, old, w)
		}
	}
	return slices.DeleteFunc(changes, func(c *columnChange) bool { return len(c.up) == 0 })
}

// columnSteps returns the step that changes the columns of a table, or one step for each column, to find the one that Postgres refuses.
func (p *planner) columnSteps(t *catalog.Table, changes []*columnChange, around detached) (steps []step) {
	if len(changes) == 0 {
		return nil
	}
	all := columnStep(t, changes...)
	if !p.apart[tableKey(t)] {
		return []step{around.around(all)}
	}
	before, after := all, all
	before.up, before.down = around.before, around.afterUndo
	after.up, after.down = around.after, around.beforeUndo
	steps = append(steps, before)
	for _, c := range changes {
		steps = append(steps, columnStep(t, c))
	}
	return append(steps, after)
}

// columnStep changes columns of a table in one statement.
func columnStep(t *catalog.Table, changes ...*columnChange) step {
	var up, down, afterDown, losses, gone []string
	s := step{table: tableKey(t)}
	for _, c := range changes {
		up, down, afterDown = append(up, c.up...), slices.Concat(c.down, down), append(afterDown, c.afterDown...)
		losses, gone = append(losses, c.losses...), append(gone, c.gone...)
		if o := columnObject(t, c.column); !slices.Contains(s.of, o) {
			s.of = append(s.of, o)
		}
	}
	s.up, s.down = []string{alter(tableName(t), up...)}, []string{alter(tableName(t), down...)}
	if len(losses) > 0 {
		s.up[0] = "-- Values are lost: " + strings.Join(losses, "; ") + ".\n" + s.up[0]
		s.down[0] = "-- The rollback does not restore what values lost: " + strings.Join(gone, "; ") + ".\n" + s.down[0]
	}
	if len(afterDown) > 0 {
		s.down = append(s.down, alter(tableName(t), afterDown...))
	}
	return s
}
