package lint

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"
)

func (p *pass) addConstraint(s *statement, t target, c *pg.Constraint) {
	if c.GetSkipValidation() {
		p.file.shared.notValid[t.name+"."+c.Conname] = true
		return
	}
	switch c.GetContype() {
	case pg.ConstrType_CONSTR_FOREIGN:
		p.addForeignKey(s, t, c)
	case pg.ConstrType_CONSTR_CHECK:
		p.addCheck(s, t, c, int(c.Location))
	case pg.ConstrType_CONSTR_UNIQUE, pg.ConstrType_CONSTR_PRIMARY:
		p.addKey(s, t, c)
	case pg.ConstrType_CONSTR_EXCLUSION:
		p.report(s, "add-exclusion", detail{offset: int(c.Location), lock: accessExclusive, tables: []string{t.name}, effect: Scan,
			message: fmt.Sprintf("this builds an index, which blocks reads and writes of %s until it is done and cannot be built in advance; it fails if two rows conflict", t.short()),
			safe:    "-- create a new table with the constraint, copy the rows in batches, and switch to it"})
	}
}

// twoSteps returns SQL that adds a constraint without a long lock.
func twoSteps(t target, name, definition string) string {
	return fmt.Sprintf("ALTER TABLE %[1]s ADD CONSTRAINT %[2]s %[3]s NOT VALID;\n-- in the next file\nALTER TABLE %[1]s VALIDATE CONSTRAINT %[2]s;",
		t.sql(), ident(name), definition)
}

func (p *pass) addForeignKey(s *statement, t target, c *pg.Constraint) {
	columns, references := names(c.FkAttrs), relation(c.Pktable)
	definition := fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s", idents(columns), written(references))
	if len(c.PkAttrs) > 0 {
		definition += " (" + idents(names(c.PkAttrs)) + ")"
	}
	p.report(s, "add-foreign-key", detail{offset: int(c.Location), lock: shareRowExclusive, tables: []string{t.name, references}, effect: Scan,
		message: fmt.Sprintf("this checks all rows of %s against %s and blocks writes to both until it is done", t.short(), short(references)),
		safe:    twoSteps(t, p.constraintName(t, c, columns), definition)})
}

// constraintName returns the given name of a constraint, or the name that Postgres would choose.
func (p *pass) constraintName(t target, c *pg.Constraint, columns []string) string {
	if c.Conname != "" {
		return c.Conname
	}
	named := t.table
	if named == nil {
		named = &table{name: t.name}
	}
	return named.freeName(columns, suffixes[c.Contype])
}

func (p *pass) addCheck(s *statement, t target, c *pg.Constraint, at int) {
	if c.SkipValidation {
		return
	}
	name := p.constraintName(t, c, columnsOf(c.RawExpr))
	p.report(s, "add-check", detail{offset: at, lock: accessExclusive, tables: []string{t.name}, effect: Scan,
		message: fmt.Sprintf("this checks all rows of %s and blocks reads and writes until it is done; it fails if a row violates the constraint", t.short()),
		safe:    twoSteps(t, name, "CHECK "+s.expression(at, "check", true))})
}

// addKey checks a UNIQUE constraint or a primary key on an existing table.
func (p *pass) addKey(s *statement, t target, c *pg.Constraint) {
	rule, what := "add-unique", "UNIQUE"
	if c.Contype == pg.ConstrType_CONSTR_PRIMARY {
		rule, what = "add-primary-key", "PRIMARY KEY"
	}
	if c.Indexname != "" {
		if what == "PRIMARY KEY" {
			p.primaryKeyNulls(s, t, c)
		}
		return
	}
	columns := names(c.Keys)
	var inName []string // the columns that Postgres puts in the name
	if what == "UNIQUE" {
		inName = columns
	}
	name := p.constraintName(t, &pg.Constraint{Conname: c.Conname, Contype: c.Contype}, inName)
	p.report(s, rule, detail{offset: int(c.Location), lock: accessExclusive, tables: []string{t.name}, effect: Scan,
		message: fmt.Sprintf("this builds an index and blocks reads and writes of %s until it is done; it fails if two rows have the same key", t.short()),
		safe: fmt.Sprintf("-- in a file with `-- +goose NO TRANSACTION`\nCREATE UNIQUE INDEX CONCURRENTLY %[1]s ON %[2]s (%[3]s);\n-- in the next file\nALTER TABLE %[2]s ADD CONSTRAINT %[1]s %[4]s USING INDEX %[1]s;",
			ident(name), t.sql(), idents(columns), what)})
}

// primaryKeyNulls checks a primary key on an existing index. Its columns become NOT NULL, for which Postgres reads all rows.
func (p *pass) primaryKeyNulls(s *statement, t target, c *pg.Constraint) {
	schema := t.name[:len(t.name)-len(lastPart(t.name))]
	i := p.model.index(schema + c.Indexname)
	if i == nil || t.table == nil {
		return
	}
	for _, name := range i.columns {
		col := t.table.column(name)
		proven := slices.ContainsFunc(t.table.constraints, func(c constraint) bool { return c.notNull == name && c.valid })
		if col != nil && !col.notNull && !proven {
			p.report(s, "add-primary-key", detail{offset: int(c.Location), lock: accessExclusive, tables: []string{t.name}, effect: Scan,
				message: fmt.Sprintf("%s can be null, so this reads all rows of %s and blocks reads and writes until it is done", name, t.short()),
				safe:    "-- first set NOT NULL; see the rule set-not-null"})
			return
		}
	}
}

func (p *pass) validate(s *statement, t target, name string) {
	if !p.file.NoTransaction && p.file.shared.notValid[t.name+"."+name] {
		p.report(s, "validate-in-transaction", detail{lock: accessExclusive, tables: []string{t.name}, effect: Scan,
			message: fmt.Sprintf("the transaction that added %s still holds its lock on %s, so NOT VALID has no benefit", name, t.short()),
			safe:    fmt.Sprintf("-- in a separate file\nALTER TABLE %s VALIDATE CONSTRAINT %s;", t.sql(), ident(name))})
	}
}

// columnsOf returns the columns that an expression names, each once.
func columnsOf(n *pg.Node) []string {
	var found []string
	walk(n, func(n *pg.Node) {
		if c := columnRef(n); c != "" && !slices.Contains(found, c) {
			found = append(found, c)
		}
	})
	return found
}

func (p *pass) createDomain(s *statement, n *pg.CreateDomainStmt) {
	for _, c := range n.Constraints {
		if t := c.GetConstraint().GetContype(); t == pg.ConstrType_CONSTR_CHECK || t == pg.ConstrType_CONSTR_NOTNULL {
			p.report(s, "create-domain-constraint", detail{offset: int(c.GetConstraint().Location),
				message: "changing this constraint later reads every table that uses the domain under a lock; put the constraint on the columns instead"})
			return
		}
	}
}

func (p *pass) alterDomain(s *statement, n *pg.AlterDomainStmt) {
	name := qualified(names(n.TypeName)...)
	switch {
	case n.Subtype == "C" && !n.Def.GetConstraint().GetSkipValidation(): // ADD CONSTRAINT
		c := ident(n.Def.GetConstraint().GetConname())
		p.report(s, "domain-constraint", detail{lock: share, effect: Scan,
			message: fmt.Sprintf("this reads every table that has a column of type %s and blocks writes to them until it is done", short(name)),
			safe: fmt.Sprintf("ALTER DOMAIN %[1]s ADD CONSTRAINT %[2]s CHECK %[3]s NOT VALID;\n-- in the next file\nALTER DOMAIN %[1]s VALIDATE CONSTRAINT %[2]s;",
				written(name), c, s.expression(0, "check", true))})
	case n.Subtype == "O": // SET NOT NULL
		p.report(s, "domain-constraint", detail{lock: share, effect: Scan,
			message: fmt.Sprintf("this reads every table that has a column of type %s and blocks writes to them until it is done", short(name)),
			safe: fmt.Sprintf("ALTER DOMAIN %[1]s ADD CONSTRAINT %[2]s CHECK (VALUE IS NOT NULL) NOT VALID;\n-- in the next file\nALTER DOMAIN %[1]s VALIDATE CONSTRAINT %[2]s;",
				written(name), ident(lastPart(name)+"_not_null"))})
	}
}

// foreignKeyAdded notes foreign keys, which must have an index once all files are applied.
func (p *pass) foreignKeyAdded(s *statement, t target, cmd *pg.AlterTableCmd) {
	switch c := cmd.Def.GetConstraint(); {
	case cmd.Subtype == pg.AlterTableType_AT_AddConstraint && c.GetContype() == pg.ConstrType_CONSTR_FOREIGN:
		p.noteForeignKey(s, t.name, names(c.FkAttrs), int(c.Location))
	case cmd.Subtype == pg.AlterTableType_AT_AddColumn:
		p.noteColumn(s, t.name, cmd.Def.GetColumnDef())
	}
}

func (p *pass) noteColumn(s *statement, table string, d *pg.ColumnDef) {
	for _, n := range d.GetConstraints() {
		if c := n.GetConstraint(); c.GetContype() == pg.ConstrType_CONSTR_FOREIGN {
			p.noteForeignKey(s, table, []string{d.Colname}, int(c.Location))
		}
	}
}

// foreignKey is one that needs an index.
type foreignKey struct {
	pass    *pass
	s       *statement
	table   string
	columns []string
	offset  int
}

func (p *pass) noteForeignKey(s *statement, table string, columns []string, offset int) {
	if !p.file.released {
		p.foreignKeys = append(p.foreignKeys, foreignKey{p, s, table, columns, offset})
	}
}

// unindexed reports foreign keys that have no index once all files are applied.
func (l *linter) unindexed() {
	for _, k := range l.foreignKeys {
		t := l.model.table(k.table)
		if t == nil || !slices.ContainsFunc(t.constraints, func(c constraint) bool {
			return c.kind == pg.ConstrType_CONSTR_FOREIGN && slices.Equal(c.columns, k.columns)
		}) || l.indexed(t, k.columns) {
			continue
		}
		k.pass.report(k.s, "foreign-key-without-index", detail{offset: k.offset, tables: []string{k.table},
			message: fmt.Sprintf("%s has no index on (%s), so each delete of a referenced row reads the whole table", short(k.table), idents(k.columns)),
			safe: fmt.Sprintf("-- in a file with `-- +goose NO TRANSACTION`, unless it creates the table\nCREATE INDEX CONCURRENTLY %s ON %s (%s);",
				ident(freeIndexName(k.table, k.columns)), written(k.table), idents(k.columns))})
	}
}

// indexed reports whether an index of a table begins with columns, in any order.
func (l *linter) indexed(t *table, columns []string) bool {
	leads := func(with []string) bool {
		if len(with) < len(columns) {
			return false
		}
		return !slices.ContainsFunc(columns, func(c string) bool { return !slices.Contains(with[:len(columns)], c) })
	}
	for _, k := range t.owned {
		if i := l.model.index(k.name); k.kind == indexKind && i != nil && leads(i.columns) {
			return true
		}
	}
	return slices.ContainsFunc(t.constraints, func(c constraint) bool {
		return (c.kind == pg.ConstrType_CONSTR_PRIMARY || c.kind == pg.ConstrType_CONSTR_UNIQUE) && leads(c.columns)
	})
}
