package ddl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/schema"
)

// Target is the database that a schema describes: what a plan leads to.
type Target struct {
	schema  *schema.Schema
	catalog *catalog.Catalog
	written written
	partial bool      // it and its plans leave out what Postgres refuses
	refused []refusal // what it leaves out itself
}

// NewTarget creates the tables of a schema in a scratch database and reads them back in the form of Postgres. The database is empty, or a
// copy of the database of a plan. It drops the tables of a copy, but keeps functions, domains and sequences, which the schema may name in
// SQL.
func NewTarget(ctx context.Context, scratch *pgxpool.Pool, s *schema.Schema) (*Target, error) {
	return NewBuilder(scratch).Build(ctx, s)
}

// NewPartialTarget is NewTarget with what Postgres accepts of a schema. The target and its plans leave out the rest.
func NewPartialTarget(ctx context.Context, scratch *pgxpool.Pool, s *schema.Schema) (*Target, error) {
	return NewBuilder(scratch).BuildPart(ctx, s)
}

// Catalog returns the catalog of the schema's database.
func (t *Target) Catalog() *catalog.Catalog { return t.catalog }

// Differs reports whether a database lacks something of the schema.
func (t *Target) Differs(cur *catalog.Catalog) bool {
	o := PlanOptions{Options: Options{AllowDrop: true, Keep: cur, Plain: true, written: t.written}}
	d := &differ{target: t, want: t.catalog, types: t.schema, options: o}
	return len(d.preparations(cur)) > 0 || len(rebuilds(cur, t.catalog, d.options.Options)) > 0 || len(Diff(cur, t.catalog, d.options.Options).Files) > 0
}

// declared reports whether the schema contains an enum.
func declared(s *schema.Schema, e catalog.Enum) bool {
	return e.Schema == public && slices.ContainsFunc(s.Enums, func(x *schema.Enum) bool { return x.DBName == e.Name })
}

// used reports whether a column uses an enum.
func used(c *catalog.Catalog, e catalog.Enum) bool {
	name := catalogName(e.Schema, e.Name)
	return slices.ContainsFunc(c.Tables, func(t catalog.Table) bool {
		return slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return strings.TrimSuffix(c.Type, "[]") == name })
	})
}

// keepEnums renames the enums of a scratch database as the schema has them, and returns those that are kept, with the statements
// that add the values that they lack. Domains and functions may depend on them. An enum that loses values or changes their order is
// not kept.
func keepEnums(ctx context.Context, scratch *pgxpool.Pool, s *schema.Schema) (map[string][]string, error) {
	cur, err := enumsOf(ctx, scratch)
	if err != nil {
		return nil, err
	}
	r := &renamer{cur: cur, schema: s}
	for _, e := range s.Enums {
		r.enum(e)
	}
	for _, x := range r.list {
		if _, err := scratch.Exec(ctx, x.up); err != nil && !isRefusal(err) { // the plan reports it
			return nil, pg.Fault("rename the enums of the scratch database", err)
		}
	}
	if len(r.list) > 0 {
		if cur, err = enumsOf(ctx, scratch); err != nil {
			return nil, err
		}
	}
	kept := map[string][]string{}
	for _, e := range s.Enums {
		if c := enumOf(cur, public, e.DBName); c != nil && gains(c, &catalog.Enum{Values: e.Labels()}) {
			kept[e.DBName] = additions(c, e.Labels())
		}
	}
	return kept, nil
}

// enumsOf reads the enums of the Postgres schema public. keepEnums needs nothing else, and a full catalog takes longer.
func enumsOf(ctx context.Context, db *pgxpool.Pool) (*catalog.Catalog, error) {
	const op = "read the enums of the scratch database"
	rows, err := db.Query(ctx, `SELECT t.typname, array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
		FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_enum e ON e.enumtypid = t.oid WHERE n.nspname = $1 GROUP BY 1 ORDER BY 1`, public)
	if err != nil {
		return nil, pg.Fault(op, err)
	}
	c := &catalog.Catalog{}
	c.Enums, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (catalog.Enum, error) {
		e := catalog.Enum{Schema: public}
		return e, row.Scan(&e.Name, &e.Values)
	})
	return c, pg.Fault(op, err)
}

// clearTables drops all tables, and other objects that the schema creates. It keeps a sequence that a column owns, unless the schema
// recreates it.
func clearTables(ctx context.Context, scratch *pgxpool.Pool, s *schema.Schema) error {
	_, err := scratch.Exec(ctx, fmt.Sprintf(clearSQL, arrayOf(serials(s)), own.Schema))
	return pg.Fault("clear the scratch database", err)
}

// replaceEnums replaces the enums that are not kept by those of the schema, and keeps the domains and functions that are bound to them, which
// the schema may use. Where Postgres refuses that, for example because the check of a domain contains a value that the enum loses, the enum
// keeps its values and gets the new ones: the plan reports the reason. The database has no tables.
func replaceEnums(ctx context.Context, scratch *pgxpool.Pool, s *schema.Schema, kept map[string][]string) error {
	var c *catalog.Catalog
	for _, e := range s.Enums {
		if _, keep := kept[e.DBName]; keep {
			continue
		}
		if c == nil {
			var err error
			if c, err = catalog.Read(ctx, scratch, catalog.Options{}); err != nil {
				return err
			}
		}
		old := enumOf(c, public, e.DBName)
		if old == nil {
			continue
		}
		_, err := execAll(ctx, scratch, Options{}.rebuild(c, c, old, e.Labels(), all, all))
		switch {
		case err == nil:
			kept[e.DBName] = nil
		case isRefusal(err):
			kept[e.DBName] = additions(old, withOld(old.Values, e.Labels()))
		default:
			return pg.Fault("change the enum "+e.DBName+" of the scratch database", err)
		}
	}
	return nil
}

func arrayOf(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = literal(t)
	}
	return "ARRAY[" + strings.Join(quoted, ", ") + "]::text[]"
}

const clearSQL = `DO $krowoc$
DECLARE statement text;
BEGIN
  FOR statement IN
    SELECT format('ALTER SEQUENCE %%I.%%I OWNED BY NONE', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'a' AND d.refclassid = 'pg_class'::regclass
      JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
    WHERE c.relkind = 'S' AND NOT format('%%I.%%I.%%I', tn.nspname, t.relname, a.attname) = ANY (%[1]s)
  LOOP EXECUTE statement; END LOOP;
  FOR statement IN
    SELECT format('DROP %%s IF EXISTS %%I.%%I CASCADE', CASE c.relkind WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname NOT IN ('information_schema', '%[2]s') AND n.nspname NOT LIKE 'pg\_%%'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.classid = 'pg_class'::regclass AND d.objid = c.oid)
  LOOP EXECUTE statement; END LOOP;
END $krowoc$`
