package ddl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/cast"
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
	for i := range t.Constraints { // they go with it
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

// catalogName returns the name of a type as format_type writes it.
func catalogName(schema, name string) string { return ident(schema) + "." + ident(name) }

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

func (p *planner) alterColumn(c *columnChange, t *catalog.Table, old, column *catalog.Column) {
	name := "ALTER COLUMN " + ident(column.Name)
	from, to := old.Default, column.Default
	if old.Generated != column.Generated || old.Identity != column.Identity || (old.Generated != "" && (from != to || old.Type != column.Type)) {
		if old.Identity != "" && column.Identity != "" {
			c.add(name+" SET GENERATED "+strings.ToUpper(column.Identity), name+" SET GENERATED "+strings.ToUpper(old.Identity))
			return
		}
		p.left = append(p.left, "the generation of column "+t.Name+"."+column.Name)
		return
	}
	typed := old.Type != column.Type || old.Collation != column.Collation
	if typed {
		if from != "" {
			c.add(name+" DROP DEFAULT", name+" SET DEFAULT "+short(from))
			from = ""
		}
		c.add(name+" "+p.setType(column, old), name+" "+p.setType(old, column))
		if loss := cast.Loss(p.baseType(old.Type), p.baseType(column.Type)); loss != "" {
			what := column.Name + " loses " + loss
			c.losses, c.gone = append(c.losses, what), append(c.gone, column.Name+" lost "+loss)
		}
	}
	switch {
	case from == to:
	case to == "":
		c.add(name+" DROP DEFAULT", name+" SET DEFAULT "+short(from))
	case from == "":
		c.add(name+" SET DEFAULT "+short(to), name+" DROP DEFAULT")
	default:
		c.add(name+" SET DEFAULT "+short(to), name+" SET DEFAULT "+short(from))
	}
	switch {
	case old.NotNull && !column.NotNull:
		c.add(name+" DROP NOT NULL", name+" SET NOT NULL")
	case column.NotNull && !old.NotNull && !inPrimaryKey(t, column.Name):
		if !slices.Contains(p.filled, t.Name+"."+column.Name) {
			p.fill = append(p.fill, t.Name+"."+column.Name)
		}
		p.setNotNull(t, column)
	}
}

// baseType follows domains to the type that they restrict.
func (p *planner) baseType(typ string) string {
	if base := p.cur.BaseType(typ); base != typ {
		return base
	}
	return p.want.BaseType(typ)
}

func (p *planner) setType(column, from *catalog.Column) string {
	sql := "TYPE " + short(column.Type)
	if column.Collation != "" {
		sql += " COLLATE " + short(column.Collation)
	}
	if column.Type == from.Type {
		return sql
	}
	// An explicit cast to a domain would cut what does not fit.
	if using := cast.Using(ident(column.Name), short(p.baseType(from.Type)), short(p.baseType(column.Type))); using != "" {
		sql += " USING " + using
	}
	return sql
}
