package ddl

import (
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// zeros are temporary values of a required column, by the prefix of its type.
var zeros = []struct{ kind, value string }{
	{"text", "''"}, {"character", "''"}, {"citext", "''"}, {"integer", "0"}, {"bigint", "0"}, {"smallint", "0"}, {"numeric", "0"}, {"double", "0"},
	{"real", "0"}, {"boolean", "false"}, {"date", "CURRENT_DATE"}, {"timestamp", "now()"}, {"interval", "'0'"}, {"jsonb", "'{}'"}, {"json", "'{}'"},
	{"bytea", "''"}, {"uuid", "gen_random_uuid()"},
}

// dropColumn drops a column. The rollback also adds the constraints that Postgres drops with it, unless it has restored them already.
func (p *planner) dropColumn(c *columnChange, t *catalog.Table, column *catalog.Column, restored map[string]bool) {
	if !p.mayDropColumn(t, column.Name) {
		p.left = append(p.left, "column "+t.Name+"."+column.Name)
		if column.NotNull && column.Default == "" && column.Identity == "" && !inPrimaryKey(t, column.Name) {
			name := ident(column.Name)
			c.add("ALTER COLUMN "+name+" DROP NOT NULL", "ALTER COLUMN "+name+" SET NOT NULL")
		}
		return
	}
	p.noteDroppedColumn(t, column)
	for i := range t.Constraints { // Postgres drops them with the column
		if x := &t.Constraints[i]; slices.Contains(x.Columns, column.Name) && x.Kind != "not null" && !restored[x.Name] {
			restored[x.Name] = true
			c.down = append([]string{addConstraint(x)}, c.down...)
		}
	}
	undo := "ADD COLUMN " + columnDefinition(column)
	if zero := zeroOf(p.cur, column); column.NotNull && column.Default == "" && column.Identity == "" && column.Generated == "" && zero != "" {
		// Existing rows need a temporary value.
		name := ident(column.Name)
		c.afterDown = append(c.afterDown, "ALTER COLUMN "+name+" DROP DEFAULT")
		undo += " DEFAULT " + zero
	}
	c.add("DROP COLUMN "+ident(column.Name), undo)
}

func inPrimaryKey(t *catalog.Table, column string) bool {
	return slices.ContainsFunc(t.Constraints, func(c catalog.Constraint) bool { return c.Kind == "primary key" && slices.Contains(c.Columns, column) })
}

func zeroOf(c *catalog.Catalog, column *catalog.Column) string {
	if strings.HasSuffix(column.Type, "[]") {
		return "'{}'"
	}
	for _, z := range zeros {
		if strings.HasPrefix(column.Type, z.kind) {
			return z.value
		}
	}
	for _, e := range c.Enums {
		if column.Type == catalogName(e.Schema, e.Name) && len(e.Values) > 0 {
			return literal(e.Values[0])
		}
	}
	return ""
}
