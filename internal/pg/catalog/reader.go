package catalog

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// Reader reads a database several times. It remembers the columns, constraints and indexes of each table, and asks only for those that
// can have changed. Postgres has to write each of them as SQL, which takes most of the time. A Reader is not safe for concurrent use.
type Reader struct {
	db       Beginner
	options  Options
	database uint32 // OID; 0 is any, for a reader of a copy that has not read anything itself
	tables   map[uint32]version
	names    map[key]int64
	parts    map[tableName]parts
}

// NewReader returns a reader that has not read anything yet.
func NewReader(db Beginner, o Options) *Reader { return &Reader{db: db, options: o} }

// ForCopy returns a reader for a copy of the database that r has read last. It does not read again what has not changed since: a copy has the
// same rows in the system tables.
func (r *Reader) ForCopy(db Beginner, o Options) *Reader {
	c := &Reader{db: db, options: o, tables: maps.Clone(r.tables), names: maps.Clone(r.names), parts: maps.Clone(r.parts)}
	maps.DeleteFunc(c.tables, func(_ uint32, v version) bool { // a table to exclude counts as changed
		return slices.Contains(o.Exclude, v.Name) || slices.Contains(o.Exclude, v.Schema+"."+v.Name)
	})
	return c
}

// key is the OID of an object, and of the system table that has it.
type key struct{ class, oid uint32 }

type tableName struct{ schema, name string }

// version identifies the state of a table: a hash of its rows in the system tables.
type version struct {
	OID    uint32
	Schema string
	Name   string
	Hash   int64
	Uses   []uint32 // tables whose names or columns are part of its definitions
}

func (v version) name() tableName { return tableName{v.Schema, v.Name} }

// state is what a Reader compares with its memory.
type state struct {
	database uint32
	versions []version
	names    []named
}

// named is the state of an object whose name can be part of a definition.
type named struct {
	Class, OID uint32
	Hash       int64
}

func (n named) key() key { return key{n.Class, n.OID} }

// Read reads the database in one snapshot. The catalog belongs to the caller.
func (r *Reader) Read(ctx context.Context) (*Catalog, error) {
	tx, err := r.db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, pg.Fault(op, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var now state
	batch, c, p := &pgx.Batch{}, &Catalog{}, &parts{}
	queueOwner(batch, c, r.options)
	for _, s := range settings {
		batch.Queue("SELECT set_config($1, $2, true)", s.name, s.value)
	}
	batch.Queue("SELECT oid FROM pg_database WHERE datname = current_database()").QueryRow(func(row pgx.Row) error { return row.Scan(&now.database) })
	queue(batch, &now.versions, versionsSQL)
	queue(batch, &now.names, namesSQL)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, pg.Fault(op, err)
	}
	changed := r.changed(now)
	batch = &pgx.Batch{}
	p.queue(batch, c, r.options, changed)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		r.tables = nil
		return nil, pg.Fault(op, err)
	}
	p.settle()
	r.remember(now, changed, p)
	r.complete(c)
	c.own(p.owners)
	return c, nil
}

// changed returns the tables to read again. It is nil, which means all, where the memory cannot be used: a definition contains names of other
// objects, and one of those has another name now.
func (r *Reader) changed(now state) []uint32 {
	if r.tables == nil || (r.database != 0 && r.database != now.database) {
		return nil
	}
	for _, n := range now.names {
		if before, known := r.names[n.key()]; known && before != n.Hash {
			return nil
		}
	}
	changed := map[uint32]bool{}
	for _, v := range now.versions {
		if before, known := r.tables[v.OID]; !known || before.Hash != v.Hash || before.name() != v.name() {
			changed[v.OID] = true
		}
	}
	list := []uint32{}
	for _, v := range now.versions {
		if changed[v.OID] || slices.ContainsFunc(v.Uses, func(used uint32) bool { return changed[used] }) {
			list = append(list, v.OID)
		}
	}
	return list
}

// remember replaces the parts of the tables that were read.
func (r *Reader) remember(now state, changed []uint32, p *parts) {
	if changed == nil {
		r.parts = map[tableName]parts{}
	}
	tables := make(map[uint32]version, len(now.versions))
	kept := map[tableName]bool{}
	for _, v := range now.versions {
		tables[v.OID] = v
		kept[v.name()] = !slices.Contains(changed, v.OID)
	}
	maps.DeleteFunc(r.parts, func(name tableName, _ parts) bool { return !kept[name] })
	for _, x := range p.columns {
		r.add(x.Schema, x.Table, func(to *parts) { to.columns = append(to.columns, x) })
	}
	for _, x := range p.constraints {
		r.add(x.Schema, x.Table, func(to *parts) { to.constraints = append(to.constraints, x) })
	}
	for _, x := range p.indexes {
		r.add(x.Schema, x.Table, func(to *parts) { to.indexes = append(to.indexes, x) })
	}
	r.database, r.tables, r.names = now.database, tables, make(map[key]int64, len(now.names))
	for _, n := range now.names {
		r.names[n.key()] = n.Hash
	}
}

func (r *Reader) add(schema, table string, change func(*parts)) {
	name := tableName{schema, table}
	p := r.parts[name]
	change(&p)
	r.parts[name] = p
}

// complete adds copies of the parts to a catalog, in the order of Read.
func (r *Reader) complete(c *Catalog) {
	for i := range c.Tables {
		t := &c.Tables[i]
		p := r.parts[tableName{t.Schema, t.Name}]
		t.Columns, t.Constraints = slices.Clone(p.columns), slices.Clone(p.constraints)
	}
	byName := func(a, b tableName) int { return cmp.Or(cmp.Compare(a.schema, b.schema), cmp.Compare(a.name, b.name)) }
	c.Indexes = []Index{}
	for _, name := range slices.SortedFunc(maps.Keys(r.parts), byName) {
		c.Indexes = append(c.Indexes, r.parts[name].indexes...)
	}
}

// versionsSQL lists the state of each table. Each change of a row in a system table gives the row another xmin. xmin is also the same in
// a copy of the database.
var versionsSQL = `
	WITH tables AS (
		SELECT c.oid, n.nspname, c.relname, c.xmin FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'f', 'm', 'c') AND ` + ours + `
	), rows AS (
		SELECT oid AS tab, hash_record_extended(ROW(oid, xmin), 1) AS hash FROM tables
		UNION ALL SELECT attrelid, hash_record_extended(ROW(attnum, xmin), 2) FROM pg_attribute WHERE attnum > 0 AND attrelid >= 16384
		UNION ALL SELECT adrelid, hash_record_extended(ROW(oid, xmin), 3) FROM pg_attrdef
		UNION ALL SELECT conrelid, hash_record_extended(ROW(oid, xmin), 4) FROM pg_constraint
		UNION ALL SELECT i.indrelid, hash_record_extended(ROW(i.indexrelid, i.xmin, c.xmin), 5)
			FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indexrelid >= 16384
		UNION ALL SELECT coalesce(i.indrelid, co.conrelid, d.objoid), hash_record_extended(ROW(d.objoid, d.objsubid, d.xmin), 6)
			FROM pg_description d LEFT JOIN pg_index i ON d.classoid = 'pg_class'::regclass AND i.indexrelid = d.objoid
				LEFT JOIN pg_constraint co ON d.classoid = 'pg_constraint'::regclass AND co.oid = d.objoid
			WHERE d.objoid >= 16384
	), hashes AS (
		SELECT tab, bit_xor(hash) AS hash FROM rows GROUP BY tab
	), uses AS (
		SELECT tab, array_agg(DISTINCT used) AS used FROM (
			SELECT conrelid AS tab, confrelid AS used FROM pg_constraint WHERE confrelid <> 0
			UNION ALL SELECT a.attrelid, coalesce(nullif(t.typrelid, 0), e.typrelid)
				FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem
				WHERE a.attnum > 0 AND a.attrelid >= 16384 AND (t.typrelid <> 0 OR e.typrelid <> 0)
		) x GROUP BY tab
	)
	SELECT t.oid, t.nspname, t.relname, hashes.hash, coalesce(uses.used, '{}')
	FROM tables t JOIN hashes ON hashes.tab = t.oid LEFT JOIN uses ON uses.tab = t.oid`

// namesSQL lists the state of other objects whose names can be part of a definition, such as the function and the sequence in a default. An
// object that is new or gone is in no definition that stays.
var namesSQL = `
	SELECT 'pg_namespace'::regclass::oid, oid, hash_record_extended(ROW(nspname), 0) FROM pg_namespace WHERE nspname <> '` + own.Schema + `'
	UNION ALL SELECT 'pg_class'::regclass, oid, hash_record_extended(ROW(relname, relnamespace), 0) FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'f', 'm', 'c', 'v', 'S')
	UNION ALL SELECT 'pg_type'::regclass, oid, hash_record_extended(ROW(xmin), 0) FROM pg_type WHERE oid >= 16384 AND typrelid = 0 AND typcategory <> 'A'
	UNION ALL SELECT 'pg_enum'::regclass, oid, hash_record_extended(ROW(enumlabel), 0) FROM pg_enum
	UNION ALL SELECT 'pg_proc'::regclass, oid, hash_record_extended(ROW(proname, pronamespace, proargtypes), 0) FROM pg_proc WHERE oid >= 16384
	UNION ALL SELECT 'pg_operator'::regclass, oid, hash_record_extended(ROW(oprname, oprnamespace), 0) FROM pg_operator WHERE oid >= 16384
	UNION ALL SELECT 'pg_opclass'::regclass, oid, hash_record_extended(ROW(xmin), 0) FROM pg_opclass WHERE oid >= 16384
	UNION ALL SELECT 'pg_am'::regclass, oid, hash_record_extended(ROW(xmin), 0) FROM pg_am WHERE oid >= 16384
	UNION ALL SELECT 'pg_collation'::regclass, oid, hash_record_extended(ROW(xmin), 0) FROM pg_collation WHERE oid >= 16384
	UNION ALL SELECT 'pg_ts_config'::regclass, oid, hash_record_extended(ROW(xmin), 0) FROM pg_ts_config WHERE oid >= 16384
	UNION ALL SELECT 'pg_ts_dict'::regclass, oid, hash_record_extended(ROW(xmin), 0) FROM pg_ts_dict WHERE oid >= 16384
	UNION ALL SELECT 'pg_authid'::regclass, oid, hash_record_extended(ROW(rolname), 0) FROM pg_roles`
