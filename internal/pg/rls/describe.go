package rls

import (
	"context"

	"github.com/krowoc/krowoc/internal/pg"
)

// describe reads what a writer has to know of a database. Names in it are qualified.
func (p *planner) describe(ctx context.Context, w *writer) error {
	if _, err := p.tx.Exec(ctx, "SAVEPOINT krowoc_describe; SET LOCAL search_path = ''"); err != nil {
		return pg.Fault(op, err)
	}
	for _, part := range []func(context.Context, *writer) error{p.columns, p.counters, p.extensions, p.defining} {
		if err := part(ctx, w); err != nil {
			return err
		}
	}
	_, err := p.tx.Exec(ctx, "ROLLBACK TO SAVEPOINT krowoc_describe")
	return pg.Fault(op, err)
}

func (p *planner) columns(ctx context.Context, w *writer) error {
	return p.query(ctx, `SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), coalesce(pg_get_expr(d.adbin, d.adrelid), 'NULL'), a.attgenerated::text
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped`, []any{p.tables}, func(row []string) {
		if w.types[row[0]] == nil {
			w.types[row[0]], w.defaults[row[0]] = map[string]string{}, map[string]string{}
		}
		w.types[row[0]][row[1]], w.defaults[row[0]][row[1]] = row[2], row[3]
		w.computed[row[0]] = w.computed[row[0]] || row[4] != ""
	})
}

// counters reads the sequences of columns.
func (p *planner) counters(ctx context.Context, w *writer) error {
	return p.query(ctx, `SELECT c.relname, s.oid::regclass::text FROM pg_class s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype = 'a'
		JOIN pg_class c ON c.oid = d.refobjid WHERE s.relkind = 'S' AND c.relname = ANY ($1) ORDER BY 1, 2`, []any{p.tables}, func(row []string) {
		w.sequences[row[0]] = append(w.sequences[row[0]], row[1])
	})
}

// extensions reads the Postgres schemas with the types of columns that extensions made, such as citext. Their operators have no names that could be
// qualified: a condition without them would compare in another way.
func (p *planner) extensions(ctx context.Context, w *writer) error {
	return p.query(ctx, `SELECT DISTINCT quote_ident(n.nspname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
		JOIN pg_type base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END
		JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = base.oid AND d.deptype = 'e' JOIN pg_namespace n ON n.oid = base.typnamespace
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname <> 'pg_catalog' ORDER BY 1`,
		[]any{p.tables}, func(row []string) { w.path = append(w.path, row[0]) })
}

// definingSQL lists the functions of a project that the defaults, checks and indexes of the tables in a parameter call, as the role that writes.
const definingSQL = `SELECT p.oid FROM pg_depend d JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
	LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
	LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
	LEFT JOIN pg_index i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid
	JOIN pg_class c ON c.oid IN (a.adrelid, k.conrelid, i.indrelid) AND c.relnamespace = 'public'::regnamespace AND c.relname = ANY (`

const definingEnd = `) WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')`

// defining reads the functions of definingSQL.
func (p *planner) defining(ctx context.Context, w *writer) error {
	return p.query(ctx, "SELECT oid::regprocedure::text FROM pg_proc WHERE oid IN ("+definingSQL+"$1"+definingEnd+") ORDER BY 1", []any{p.tables},
		func(row []string) { w.defining = append(w.defining, row[0]) })
}
