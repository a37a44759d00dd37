package lint

import (
	"fmt"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

func (p *pass) dropObjects(s *statement, n *pg.DropStmt) {
	cascade := n.Behavior == pg.DropBehavior_DROP_CASCADE
	for _, object := range n.Objects {
		name := qualified(names(object.GetList().GetItems())...)
		switch n.RemoveType {
		case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW, pg.ObjectType_OBJECT_FOREIGN_TABLE:
			if t := p.model.table(name); p.fresh(t) {
				continue
			} else if n.RemoveType == pg.ObjectType_OBJECT_TABLE {
				p.heavy(s, target{name: name, table: t}, accessExclusive)
			}
			p.report(s, "drop-table", detail{lock: accessExclusive, tables: []string{name},
				message: fmt.Sprintf("this deletes %s and its data; code that still uses it fails", short(name)),
				safe:    fmt.Sprintf("-- release code that no longer uses it, rename it to find remaining uses, and drop it later\nALTER TABLE %s RENAME TO %s;", written(name), ident(lastPart(name)+"_unused"))})
		case pg.ObjectType_OBJECT_SCHEMA:
			p.report(s, "drop-schema", detail{message: fmt.Sprintf("code that still uses the schema %s fails", object.GetString_().GetSval())})
		case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
			p.report(s, "drop-type", detail{message: fmt.Sprintf("code that still uses the type %s fails", strings.Join(names(object.GetTypeName().GetNames()), "."))})
		case pg.ObjectType_OBJECT_INDEX:
			p.dropIndex(s, n, name)
		}
	}
	if cascade {
		p.report(s, "drop-cascade", detail{message: "this also drops views, foreign keys, functions and columns that depend on the object, without listing them; drop each by name instead",
			safe: strings.TrimSpace(replaceFold(s.text, "cascade", "")) + ";"})
	}
}

func replaceFold(text, word, with string) string {
	if at := strings.LastIndex(strings.ToLower(text), word); at >= 0 {
		return text[:at] + with + text[at+len(word):]
	}
	return text
}

func (p *pass) rename(s *statement, n *pg.RenameStmt) {
	t := p.target(n.Relation)
	if t.fresh {
		return
	}
	const twice = "during the release, old or new code uses a name that does not exist, and fails"
	switch n.RenameType {
	case pg.ObjectType_OBJECT_TABLE, pg.ObjectType_OBJECT_VIEW, pg.ObjectType_OBJECT_MATVIEW:
		p.heavy(s, t, accessExclusive)
		schema, _, _ := strings.Cut(t.name, ".")
		p.file.shared.locked = replaced(p.file.shared.locked, t.name, schema+"."+n.Newname)
		p.report(s, "rename-table", detail{lock: accessExclusive, tables: []string{t.name}, message: fmt.Sprintf("%s becomes %s: %s", t.short(), n.Newname, twice),
			safe: fmt.Sprintf("ALTER TABLE %[1]s RENAME TO %[2]s;\nCREATE VIEW %[1]s AS SELECT * FROM %[2]s; -- in the same transaction; drop the view when no code uses the old name", t.sql(), ident(n.Newname))})
	case pg.ObjectType_OBJECT_COLUMN:
		p.heavy(s, t, accessExclusive)
		p.report(s, "rename-column", detail{lock: accessExclusive, tables: []string{t.name}, message: fmt.Sprintf("%s.%s becomes %s: %s", t.short(), n.Subname, n.Newname, twice),
			safe: fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s …;\n-- keep both in sync with a trigger, fill existing rows in batches, release code that uses the new column, and drop the old one later", t.sql(), ident(n.Newname))})
	case pg.ObjectType_OBJECT_SCHEMA:
		p.report(s, "rename-schema", detail{message: fmt.Sprintf("the schema %s becomes %s: %s", n.Subname, n.Newname, twice)})
	case pg.ObjectType_OBJECT_TYPE, pg.ObjectType_OBJECT_DOMAIN:
		p.report(s, "rename-type", detail{message: fmt.Sprintf("the type %s becomes %s: %s", strings.Join(names(n.Object.GetList().GetItems()), "."), n.Newname, twice)})
	}
}

func (p *pass) setSchema(s *statement, n *pg.AlterObjectSchemaStmt) {
	if n.Relation == nil {
		return
	}
	if t := p.target(n.Relation); !t.fresh {
		p.heavy(s, t, accessExclusive)
		p.report(s, "rename-table", detail{lock: accessExclusive, tables: []string{t.name},
			message: fmt.Sprintf("%s moves to the schema %s: during the release, old or new code looks for it in the wrong schema, and fails", t.short(), n.Newschema),
			safe:    fmt.Sprintf("-- in the same transaction; drop the view when no code uses the old name\nCREATE VIEW %s AS SELECT * FROM %s.%s;", t.sql(), ident(n.Newschema), ident(lastPart(t.name)))})
	}
}

func (p *pass) alterEnum(s *statement, n *pg.AlterEnumStmt) {
	name := qualified(names(n.TypeName)...)
	if n.OldVal != "" {
		p.report(s, "rename-enum-value", detail{message: fmt.Sprintf("%s of %s becomes %s: during the release, old code still writes or expects the old value, and fails", n.OldVal, short(name), n.NewVal),
			safe: fmt.Sprintf("ALTER TYPE %s ADD VALUE '%s'; -- then release code that accepts both values, and update the rows in batches", written(name), n.NewVal)})
		return
	}
	if n.NewValNeighbor == "" {
		p.report(s, "enum-value-order", detail{message: fmt.Sprintf("%s sorts after all other values of %s; add BEFORE or AFTER to choose its position", n.NewVal, short(name))})
	}
	if !p.file.NoTransaction {
		p.file.shared.enumValues = append(p.file.shared.enumValues, n.NewVal)
	}
}

func (p *pass) truncate(s *statement, n *pg.TruncateStmt) {
	if n.Behavior == pg.DropBehavior_DROP_CASCADE {
		p.report(s, "truncate-cascade", detail{lock: accessExclusive,
			message: "this also empties every table that refers to it, directly or indirectly; name the tables to empty instead",
			safe:    strings.TrimSpace(replaceFold(s.text, "cascade", "")) + ";"})
	}
	for _, r := range n.Relations {
		if t := p.target(r.GetRangeVar()); !t.fresh {
			p.heavy(s, t, accessExclusive)
		}
	}
}

func (p *pass) vacuum(s *statement, n *pg.VacuumStmt) {
	if hasOption(n.Options, "full") {
		p.report(s, "vacuum-full", detail{lock: accessExclusive, effect: Rewrite,
			message: "this rewrites the table and blocks reads and writes until it is done", safe: "-- pg_repack or pg_squeeze does the same without the lock; plain VACUUM frees the space for new rows"})
	}
}

func (p *pass) cluster(s *statement, n *pg.ClusterStmt) {
	var tables []string
	if n.Relation != nil {
		tables = append(tables, relation(n.Relation))
	}
	p.report(s, "cluster", detail{lock: accessExclusive, tables: tables, effect: Rewrite,
		message: "this rewrites the table in the order of an index and blocks reads and writes until it is done", safe: "-- pg_repack does the same without the lock"})
}

func (p *pass) refresh(s *statement, n *pg.RefreshMatViewStmt) {
	t := p.target(n.Relation)
	if n.Concurrent || n.SkipData || t.fresh {
		return
	}
	p.report(s, "refresh-view", detail{lock: accessExclusive, tables: []string{t.name}, effect: Rewrite,
		message: fmt.Sprintf("reads of %s are blocked until the refresh is done", t.short()),
		safe:    fmt.Sprintf("REFRESH MATERIALIZED VIEW CONCURRENTLY %s; -- requires a unique index", t.sql())})
}

// lockModes are the modes of LOCK TABLE that block other sessions, by number.
var lockModes = map[int32]string{5: share, 6: shareRowExclusive, 7: exclusive, 8: accessExclusive}

func (p *pass) lockTable(s *statement, n *pg.LockStmt) {
	mode := lockModes[n.Mode]
	for _, r := range n.Relations {
		if t := p.target(r.GetRangeVar()); mode != "" && !t.fresh {
			p.heavy(s, t, mode)
			p.report(s, "lock-table", detail{lock: mode, tables: []string{t.name},
				message: fmt.Sprintf("this waits for the sessions that use %s, and then blocks all others until the transaction ends", t.short())})
		}
	}
}
