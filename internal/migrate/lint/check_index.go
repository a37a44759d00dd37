package lint

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func freeIndexName(table string, columns []string) string {
	return lastPart(table) + "_" + strings.Join(columns, "_") + "_idx"
}

func (p *pass) createIndex(s *statement, n *pg.IndexStmt) {
	t := p.target(n.Relation)
	columns := 0
	for _, c := range n.IndexParams {
		if c.GetIndexElem().GetName() != "" {
			columns++
		}
	}
	if !n.Unique && columns > 3 {
		p.report(s, "wide-index", detail{message: fmt.Sprintf("%d columns: each beyond the third makes writes slower and seldom a read faster", columns)})
	}
	if t.fresh {
		return
	}
	if n.Unique {
		p.report(s, "unique-on-data", detail{tables: []string{t.name},
			message: fmt.Sprintf("two rows of %s that are the same make it fail: look for them first", t.short())})
	}
	if !n.Concurrent {
		p.heavy(s, t, share)
		p.report(s, "create-index", detail{lock: share, tables: []string{t.name}, effect: Scan,
			message: fmt.Sprintf("nobody can write to %s while the index is built", t.short()),
			safe:    p.concurrentIndex(s, t, n)})
	}
}

// concurrentIndex is how an index is made while others write.
func (p *pass) concurrentIndex(s *statement, t target, n *pg.IndexStmt) string {
	if t.table != nil && t.table.partitioned {
		return fmt.Sprintf("-- CONCURRENTLY cannot make the index of a partitioned table, but of each partition\nCREATE INDEX %[1]s ON ONLY %[2]s (…);\nCREATE INDEX CONCURRENTLY … ON partition (…);\nALTER INDEX %[1]s ATTACH PARTITION …;", ident(n.Idxname), t.sql())
	}
	create := "CREATE INDEX"
	if n.Unique {
		create = "CREATE UNIQUE INDEX"
	}
	if at := strings.Index(strings.ToUpper(s.text), "INDEX"); at >= 0 {
		return "-- +goose NO TRANSACTION\n" + create + " CONCURRENTLY" + s.text[at+len("INDEX"):] + ";"
	}
	return ""
}

func (p *pass) reindex(s *statement, n *pg.ReindexStmt) {
	if hasOption(n.Params, "concurrently") {
		return
	}
	safe := ""
	if p.Postgres >= 12 && n.Relation != nil {
		object := map[pg.ReindexObjectType]string{pg.ReindexObjectType_REINDEX_OBJECT_INDEX: "INDEX", pg.ReindexObjectType_REINDEX_OBJECT_TABLE: "TABLE"}[n.Kind]
		safe = fmt.Sprintf("-- +goose NO TRANSACTION\nREINDEX %s CONCURRENTLY %s;", object, written(relation(n.Relation)))
	}
	var tables []string
	if n.Kind == pg.ReindexObjectType_REINDEX_OBJECT_TABLE {
		tables = append(tables, relation(n.Relation))
	} else if i := p.model.index(relation(n.Relation)); i != nil {
		tables = append(tables, i.table)
	}
	p.report(s, "reindex", detail{lock: share, tables: tables, effect: Scan, safe: safe,
		message: "nobody can write to the table while the index is built, and no query can use the index"})
}

func hasOption(options []*pg.Node, name string) bool {
	for _, o := range options {
		d := o.GetDefElem()
		if d.GetDefname() != name {
			continue
		}
		switch v := strings.ToLower(d.GetArg().GetString_().GetSval()); v {
		case "off", "false", "0":
			return false
		}
		if i := d.GetArg().GetInteger(); i != nil && i.Ival == 0 {
			return false
		}
		return true
	}
	return false
}

func (p *pass) dropIndex(s *statement, n *pg.DropStmt, name string) {
	if n.Concurrent {
		return
	}
	i := p.model.index(name)
	on := "its table"
	var tables []string
	if i != nil {
		if p.fresh(p.model.table(i.table)) {
			return
		}
		on, tables = short(i.table), []string{i.table}
		p.heavy(s, target{name: i.table, table: p.model.table(i.table)}, accessExclusive)
	}
	p.report(s, "drop-index", detail{lock: accessExclusive, tables: tables,
		message: fmt.Sprintf("it waits for every query on %s, and every later query waits for it", on),
		safe:    fmt.Sprintf("-- +goose NO TRANSACTION\nDROP INDEX CONCURRENTLY %s;", written(name))})
}

func (p *pass) attach(s *statement, t target, c *pg.PartitionCmd) {
	part := p.target(c.Name)
	if part.fresh {
		return
	}
	if part.table != nil {
		for _, x := range part.table.constraints {
			if x.kind == pg.ConstrType_CONSTR_CHECK && x.valid {
				return // taken to prove the bounds
			}
		}
	}
	p.report(s, "attach-partition", detail{lock: accessExclusive, tables: []string{part.name}, effect: Scan,
		message: fmt.Sprintf("all rows of %s are compared with the bounds, and nobody can read or write it meanwhile", part.short()),
		safe: fmt.Sprintf("ALTER TABLE %[1]s ADD CONSTRAINT %[2]s CHECK (…) NOT VALID; -- what the bounds say\n-- in the next file\nALTER TABLE %[1]s VALIDATE CONSTRAINT %[2]s;\nALTER TABLE %[3]s ATTACH PARTITION %[1]s …;",
			part.sql(), ident(lastPart(part.name)+"_bounds"), t.sql())})
}

func (p *pass) detach(s *statement, t target, c *pg.PartitionCmd) {
	if c.Concurrent {
		return
	}
	safe := ""
	if p.Postgres >= 14 {
		safe = fmt.Sprintf("-- +goose NO TRANSACTION\nALTER TABLE %s DETACH PARTITION %s CONCURRENTLY;", t.sql(), written(relation(c.Name)))
	}
	p.report(s, "detach-partition", detail{lock: accessExclusive, tables: []string{t.name, relation(c.Name)}, safe: safe,
		message: fmt.Sprintf("it waits for every query on %s, and every later query waits for it", t.short())})
}
