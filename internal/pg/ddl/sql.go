package ddl

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
	"github.com/krowoc/krowoc/internal/schema"
)

// catalogName returns the name of a type as format_type writes it.
func catalogName(schema, name string) string { return ident(schema) + "." + ident(name) }

// tableKey returns the qualified name of a table.
func tableKey(t *catalog.Table) string { return t.Schema + "." + t.Name }

func tableName(t *catalog.Table) string { return name(t.Schema, t.Name) }

// name returns a qualified name for SQL.
func name(schema, name string) string {
	if schema == "public" {
		return ident(name)
	}
	return ident(schema) + "." + ident(name)
}

// short removes the Postgres schema public from names in SQL. They contain it because the catalog is read without a search path.
func short(sql string) string {
	var b strings.Builder
	for len(sql) > 0 {
		n, _ := sqltext.Token(sql)
		if n < 0 {
			n = len(sql)
		}
		if sql[:n] == "public" && strings.HasPrefix(sql[n:], ".") {
			sql = sql[n+1:]
			continue
		}
		b.WriteString(sql[:n])
		sql = sql[n:]
	}
	return b.String()
}

func alter(table string, commands ...string) string {
	if len(commands) == 1 {
		return "ALTER TABLE " + table + " " + commands[0]
	}
	return "ALTER TABLE " + table + "\n  " + strings.Join(commands, ",\n  ")
}

// constraint returns the definition of a constraint of want.
func (p *planner) constraint(t *catalog.Table, c *catalog.Constraint) string {
	return cmp.Or(p.written["constraint "+t.Name+"."+c.Name], short(c.Definition))
}

func (p *planner) addConstraintOf(t *catalog.Table, c *catalog.Constraint) string {
	return "ADD CONSTRAINT " + ident(c.Name) + " " + p.constraint(t, c)
}

// column returns the definition of a column of want.
func (p *planner) column(t *catalog.Table, c *catalog.Column) string {
	return cmp.Or(p.written["column "+t.Name+"."+c.Name], columnDefinition(c))
}

// index returns the statement that creates an index of want.
func (p *planner) index(i *catalog.Index) string {
	return cmp.Or(p.written["index "+i.Table+"."+i.Name], plainIndex(i))
}

// plainIndex writes an index, with those of all partitions, without the default method.
func plainIndex(i *catalog.Index) string {
	return strings.Replace(strings.Replace(short(i.Definition), " USING btree (", " (", 1), " ON ONLY ", " ON ", 1)
}

func addConstraint(c *catalog.Constraint) string {
	return fmt.Sprintf("ADD CONSTRAINT %s %s", ident(c.Name), short(c.Definition))
}

func dropConstraint(c *catalog.Constraint) string { return "DROP CONSTRAINT " + ident(c.Name) }

func columnList(fields ...*schema.Field) string {
	var names []string
	for _, f := range fields {
		for _, c := range f.Columns() {
			names = append(names, ident(c))
		}
	}
	return strings.Join(names, ", ")
}

func ident(name string) string { return sqltext.Ident(name) }

func literal(text string) string { return strings.TrimSpace(pg.QuoteLiteral(text)) }
