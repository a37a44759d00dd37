package lint

import (
	"fmt"
	"slices"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/krowoc/krowoc/internal/schema"
)

func (p *pass) createTable(s *statement, n *pg.CreateStmt) {
	t := &table{name: relation(n.Relation)}
	if n.Relation.Schemaname == "" && n.Relation.Relpersistence != "t" {
		p.report(s, "unqualified-name", detail{offset: s.base, message: fmt.Sprintf("the schema in which %s is created depends on search_path", n.Relation.Relname)})
	}
	var keys []string
	for _, e := range n.TableElts {
		switch c := e.GetConstraint(); c.GetContype() {
		case pg.ConstrType_CONSTR_PRIMARY:
			keys = append(keys, names(c.Keys)...)
		case pg.ConstrType_CONSTR_FOREIGN:
			keys = append(keys, names(c.FkAttrs)...)
			p.noteForeignKey(s, t.name, names(c.FkAttrs), int(c.Location))
		}
		p.model.addElement(t, e)
	}
	for _, e := range n.TableElts {
		if d := e.GetColumnDef(); d != nil {
			p.columnStyle(s, t.name, d, slices.Contains(keys, d.Colname))
			p.noteColumn(s, t.name, d)
		}
	}
	hasKey := slices.ContainsFunc(t.constraints, func(c constraint) bool { return c.kind == pg.ConstrType_CONSTR_PRIMARY })
	whole := n.Partbound == nil && len(n.InhRelations) == 0 && n.OfTypename == nil && n.Relation.Relpersistence == "p"
	if whole && !hasKey && !slices.ContainsFunc(n.TableElts, func(e *pg.Node) bool { return e.GetTableLikeClause() != nil }) {
		p.file.keyless = append(p.file.keyless, keyless{s, t.name})
	}
}

// keyless is a table that was created without a primary key; the file can still add one.
type keyless struct {
	s     *statement
	table string
}

func (p *pass) reportKeyless() {
	for _, k := range p.file.keyless {
		t := p.model.table(k.table)
		if t == nil || slices.ContainsFunc(t.constraints, func(c constraint) bool { return c.kind == pg.ConstrType_CONSTR_PRIMARY }) {
			continue
		}
		p.report(k.s, "no-primary-key", detail{tables: []string{k.table},
			message: fmt.Sprintf("%s can have identical rows, and logical replication cannot identify the row that changed", short(k.table))})
	}
}

// style checks the columns that ALTER TABLE adds or changes.
func (p *pass) style(s *statement, t target, cmd *pg.AlterTableCmd) {
	switch cmd.Subtype {
	case pg.AlterTableType_AT_AddColumn:
		p.columnStyle(s, t.name, cmd.Def.GetColumnDef(), false)
	case pg.AlterTableType_AT_AlterColumnType:
		p.typeStyle(s, cmd.Def.GetColumnDef().GetTypeName())
	}
}

func (p *pass) columnStyle(s *statement, table string, d *pg.ColumnDef, key bool) {
	name, _, array := typeName(d.TypeName)
	for _, c := range d.Constraints {
		switch c.GetConstraint().GetContype() {
		case pg.ConstrType_CONSTR_PRIMARY, pg.ConstrType_CONSTR_FOREIGN, pg.ConstrType_CONSTR_IDENTITY:
			key = true
		}
	}
	plain, serial := schema.Serial(name)
	small := name == "integer" || name == "smallint" || (serial && plain != "bigint")
	at := int(d.Location)
	if small && !array && (key || serial) {
		limit := "2,147,483,647"
		if name == "smallint" || plain == "smallint" {
			limit = "32,767"
		}
		p.report(s, "key-int", detail{offset: at, message: fmt.Sprintf("%s.%s ends at %s; changing its type then rewrites the table", short(table), d.Colname, limit),
			safe: ident(d.Colname) + " bigint"})
	}
	if serial {
		p.report(s, "serial", detail{offset: at, message: fmt.Sprintf("the sequence of %s.%s has separate privileges, and clients can insert their own values", short(table), d.Colname),
			safe: ident(d.Colname) + " bigint GENERATED ALWAYS AS IDENTITY"})
	}
	p.typeStyle(s, d.TypeName)
}

func (p *pass) typeStyle(s *statement, t *pg.TypeName) {
	name, mods, _ := typeName(t)
	at := int(t.GetLocation())
	switch name {
	case "char":
		p.report(s, "char-type", detail{offset: at, message: "values are padded with spaces to the full length, which matters in some comparisons and not in others", safe: "text"})
	case "varchar":
		if len(mods) > 0 {
			p.report(s, "varchar-limit", detail{offset: at, message: "shortening the limit rewrites the table; changing a CHECK does not", safe: fmt.Sprintf("text CHECK (char_length(…) <= %d)", mods[0])})
		}
	case "timestamp":
		p.report(s, "timestamp-without-zone", detail{offset: at, message: "the same value means a different moment in each client's time zone", safe: "timestamptz"})
	case "json":
		p.report(s, "json-type", detail{offset: at, message: "json cannot be compared, so DISTINCT and GROUP BY fail, and it cannot be indexed", safe: "jsonb"})
	}
}
