package ddl

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"
)

// Kept lists the objects that a target keeps of a database whose tables it drops. The SQL of a schema can use them.
type Kept struct {
	extensions, enums []string
	sequences         []string // the columns that own them; "" is a sequence without an owner
	others            bool     // functions, domains, views and so on
}

// ReadKept reads a database.
func ReadKept(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (k Kept, err error) {
	err = db.QueryRow(ctx, keptSQL, UUIDFunction, own.Schema).Scan(&k.extensions, &k.enums, &k.sequences, &k.others)
	return k, pg.Fault("list what the schema can use", err)
}

// Beyond reports whether the database has objects that the tables, enums and extensions of a schema do not create. Otherwise the target can
// use an empty database instead of a copy, which is much faster.
func (k Kept) Beyond(s *schema.Schema) bool {
	needed := append(Extensions(s), "plpgsql")
	extra := func(name string) bool { return !slices.Contains(needed, name) }
	undeclared := func(name string) bool {
		return !slices.ContainsFunc(s.Enums, func(e *schema.Enum) bool { return e.DBName == name })
	}
	owners := serials(s)
	lone := func(column string) bool { return !slices.Contains(owners, column) }
	return k.others || slices.ContainsFunc(k.extensions, extra) || slices.ContainsFunc(k.enums, undeclared) || slices.ContainsFunc(k.sequences, lone)
}

// serials returns the columns of a schema for which Postgres creates a sequence, as clearSQL writes them.
func serials(s *schema.Schema) (columns []string) {
	for _, t := range s.Tables {
		for _, f := range t.Fields {
			if stored(f.DataType) != f.DataType {
				columns = append(columns, catalogName(public, t.Table)+"."+ident(f.Column))
			}
		}
	}
	return columns
}

// keptSQL lists extensions, enums and the owners of sequences, and reports whether users created other objects. Views over tables are dropped
// with the tables. Objects of users have OIDs from 16384.
const keptSQL = `
	WITH RECURSIVE theirs AS (
		SELECT n.oid FROM pg_namespace n WHERE n.nspname NOT IN ('information_schema', $2) AND n.nspname NOT LIKE 'pg\_%'
	), extended AS (
		SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
	), gone AS (
		SELECT oid FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'f') AND relnamespace IN (TABLE theirs) AND oid NOT IN (SELECT objid FROM extended)
		UNION SELECT r.ev_class FROM gone JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = gone.oid AND d.classid = 'pg_rewrite'::regclass
			JOIN pg_rewrite r ON r.oid = d.objid
	)
	SELECT ARRAY(SELECT extname::text FROM pg_extension),
		ARRAY(SELECT CASE WHEN typnamespace = 'public'::regnamespace THEN typname::text ELSE '' END FROM pg_type
			WHERE typtype = 'e' AND typnamespace IN (TABLE theirs) AND oid NOT IN (SELECT objid FROM extended)),
		ARRAY(SELECT coalesce((SELECT format('%I.%I.%I', n.nspname, t.relname, a.attname)
				FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace n ON n.oid = t.relnamespace
					JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
				WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'), '')
			FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace IN (TABLE theirs) AND c.oid NOT IN (SELECT objid FROM extended)
				AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')),
		EXISTS (SELECT FROM pg_proc WHERE oid >= 16384 AND pronamespace IN (TABLE theirs) AND oid NOT IN (SELECT objid FROM extended)
				AND NOT (proname = $1 AND pronargs = 0 AND pronamespace = 'public'::regnamespace))
		OR EXISTS (SELECT FROM pg_class WHERE oid >= 16384 AND relkind IN ('v', 'm', 'c') AND relnamespace IN (TABLE theirs)
				AND oid NOT IN (SELECT objid FROM extended) AND oid NOT IN (TABLE gone))
		OR EXISTS (SELECT FROM pg_type WHERE typtype IN ('d', 'r', 'm') AND typnamespace IN (TABLE theirs) AND oid NOT IN (SELECT objid FROM extended))
		OR EXISTS (SELECT FROM (
				SELECT oid FROM pg_collation UNION ALL SELECT oid FROM pg_operator UNION ALL SELECT oid FROM pg_opclass UNION ALL SELECT oid FROM pg_cast
				UNION ALL SELECT oid FROM pg_conversion UNION ALL SELECT oid FROM pg_ts_config UNION ALL SELECT oid FROM pg_ts_dict
				UNION ALL SELECT oid FROM pg_ts_parser UNION ALL SELECT oid FROM pg_ts_template UNION ALL SELECT oid FROM pg_language
				UNION ALL SELECT oid FROM pg_am UNION ALL SELECT oid FROM pg_default_acl UNION ALL SELECT oid FROM pg_event_trigger
			) x WHERE oid >= 16384 AND oid NOT IN (SELECT objid FROM extended))`
