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
		p.report(s, "wide-index", detail{message: fmt.Sprintf("the index has %d columns; each column beyond the third slows down writes and rarely speeds up reads", columns)})
	}
	if n.Concurrent && t.table != nil && t.table.partitioned {
		p.report(s, "concurrently-partitioned", detail{tables: []string{t.name},
			message: fmt.Sprintf("%s is partitioned, so Postgres refuses CONCURRENTLY", t.short()), safe: p.concurrentIndex(s, t, n)})
		return
	}
	if t.fresh {
		return
	}
	if n.Unique {
		p.report(s, "unique-on-data", detail{tables: []string{t.name},
			message: fmt.Sprintf("this fails if two rows of %s have the same values; look for duplicates first", t.short())})
	}
	if !n.Concurrent {
		p.heavy(s, t, share)
		p.report(s, "create-index", detail{lock: share, tables: []string{t.name}, effect: Scan,
			message: fmt.Sprintf("writes to %s are blocked while the index is built", t.short()),
			safe:    p.concurrentIndex(s, t, n)})
	}
}

// concurrentIndex returns SQL that builds an index without blocking writes.
func (p *pass) concurrentIndex(s *statement, t target, n *pg.IndexStmt) string {
	if t.table != nil && t.table.partitioned {
		return fmt.Sprintf("-- CONCURRENTLY does not work on a partitioned table; build the index of each partition\nCREATE INDEX %[1]s ON ONLY %[2]s (…);\nCREATE INDEX CONCURRENTLY … ON partition (…);\nALTER INDEX %[1]s ATTACH PARTITION …;", ident(n.Idxname), t.sql())
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
		message: "writes to the table are blocked while the index is rebuilt, and queries cannot use the index"})
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
	i := p.model.index(name)
	if i != nil && p.model.table(i.table) != nil && p.model.table(i.table).partitioned {
		if n.Concurrent {
			p.report(s, "concurrently-partitioned", detail{tables: []string{i.table}, message: fmt.Sprintf("%s is partitioned, so Postgres refuses CONCURRENTLY", short(i.table))})
		}
		return // there is no other way to drop it
	}
	if n.Concurrent {
		return
	}
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
		message: fmt.Sprintf("this waits for every running query on %s, and every later query waits for this", on),
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
				return // assumed to prove the bounds
			}
		}
	}
	p.report(s, "attach-partition", detail{lock: accessExclusive, tables: []string{part.name}, effect: Scan,
		message: fmt.Sprintf("this checks all rows of %s against the bounds and blocks reads and writes until it is done", part.short()),
		safe: fmt.Sprintf("ALTER TABLE %[1]s ADD CONSTRAINT %[2]s CHECK (…) NOT VALID; -- the same condition as the bounds\n-- in the next file\nALTER TABLE %[1]s VALIDATE CONSTRAINT %[2]s;\nALTER TABLE %[3]s ATTACH PARTITION %[1]s …;",
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
		message: fmt.Sprintf("this waits for every running query on %s, and every later query waits for this", t.short())})
}
