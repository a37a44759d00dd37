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

// commands are the commands of one ALTER TABLE, and the commands that undo them.
type commands struct {
	up, down  []string
	afterDown []string // what Postgres would do too early within down

	losses, gone []string // what up loses of the values of columns, and what down cannot bring back

	columns []columnCommands
}

// columnCommands are the commands of up for a column.
type columnCommands struct {
	column   string
	from, to int
}

// mark notes that the latest commands are for a column.
func (c *commands) mark(column string) {
	from := 0
	if len(c.columns) > 0 {
		from = c.columns[len(c.columns)-1].to
	}
	if from < len(c.up) {
		c.columns = append(c.columns, columnCommands{column, from, len(c.up)})
	}
}

func (c *commands) add(up, down string) {
	c.up, c.down = append(c.up, up), append([]string{down}, c.down...)
}

// alterTable changes a table to match another one of the same name.
func (p *planner) alterTable(cur, want *catalog.Table) {
	var c commands
	again := remade(cur, want)
	around, cur := p.detach(cur, want, again)
	for _, old := range again {
		c.add("DROP COLUMN "+ident(old.Name), "ADD COLUMN "+columnDefinition(old))
		c.mark(old.Name)
	}
	dropped := generatedLast(cur)
	slices.Reverse(dropped) // the way back adds them in the order that they had, and generated ones after what they are computed from
	for _, old := range dropped {
		if want.Column(old.Name) == nil {
			p.dropColumn(&c, cur, old)
			c.mark(old.Name)
		}
	}
	for _, w := range generatedLast(want) {
		switch old := cur.Column(w.Name); {
		case old == nil:
			p.addColumn(&c, want, w)
		case slices.Contains(again, old):
			c.add("ADD COLUMN "+columnDefinition(w), "DROP COLUMN "+ident(w.Name))
		default:
			p.alterColumn(&c, want, old, w)
		}
		c.mark(w.Name)
	}
	if len(c.up) > 0 {
		s := step{up: []string{alter(tableName(want), c.up...)}, down: []string{alter(tableName(want), c.down...)}, table: tableKey(want)}
		p.label(&s, &c, want)
		if len(c.losses) > 0 {
			s.up[0] = "-- Values are lost: " + strings.Join(c.losses, "; ") + ".\n" + s.up[0]
			s.down[0] = "-- The rollback does not restore what values lost: " + strings.Join(c.gone, "; ") + ".\n" + s.down[0]
		}
		if len(c.afterDown) > 0 {
			s.down = append(s.down, alter(tableName(want), c.afterDown...))
		}
		p.main = append(p.main, around.around(s))
	}
	p.alterConstraints(cur, want)
	p.alterIndexes(cur, want)
}

// label notes which columns of a table a step changes, and gives each its own statement if that is asked for.
func (p *planner) label(s *step, c *commands, t *catalog.Table) {
	isApart := p.apart[tableKey(t)]
	if isApart {
		s.up = nil
	}
	for _, of := range c.columns {
		column := columnObject(t, of.column)
		if !slices.Contains(s.of, column) {
			s.of = append(s.of, column)
		}
		if isApart {
			s.up, s.each = append(s.up, alter(tableName(t), c.up[of.from:of.to]...)), append(s.each, column)
		}
	}
}

// zeros are temporary values of a required column, by the prefix of its type.
var zeros = []struct{ kind, value string }{
	{"text", "''"}, {"character", "''"}, {"citext", "''"}, {"integer", "0"}, {"bigint", "0"}, {"smallint", "0"}, {"numeric", "0"}, {"double", "0"},
	{"real", "0"}, {"boolean", "false"}, {"date", "CURRENT_DATE"}, {"timestamp", "now()"}, {"interval", "'0'"}, {"jsonb", "'{}'"}, {"json", "'{}'"},
	{"bytea", "''"}, {"uuid", "gen_random_uuid()"},
}

// dropColumn drops a column, and records what Postgres drops with it.
func (p *planner) dropColumn(c *commands, t *catalog.Table, column *catalog.Column) {
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
		if x := &t.Constraints[i]; slices.Contains(x.Columns, column.Name) && x.Kind != "not null" && !slices.Contains(c.down, addConstraint(x)) {
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

func (p *planner) addColumn(c *commands, t *catalog.Table, column *catalog.Column) {
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

func (p *planner) alterColumn(c *commands, t *catalog.Table, old, column *catalog.Column) {
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
