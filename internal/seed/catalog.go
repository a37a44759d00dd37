package seed

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

// dbColumn is a column of the database.
type dbColumn struct {
	castType   string // the type to which a text is cast
	asText     bool   // compare as text, because the type has no equality or one that ignores differences
	hasDefault bool
	generated  bool   // computed: nothing can be written to it
	always     bool   // GENERATED ALWAYS AS IDENTITY
	sequence   string // of its default; quoted
}

// catalogQuery describes the columns of some tables. An explicit cast to varchar(3) or bit(3) silently truncates a value that an insert
// rejects, so the cast types have no length. Composite types may contain a type without equality, that of some geometric types compares
// areas, and no operator takes a domain over an enum. A cast and an insert round a numeric or a time in the same way.
const catalogQuery = `
SELECT n.name, a.attname,
       CASE WHEN regexp_replace(t.typname, '^_', '') IN ('varchar', 'bpchar', 'bit', 'varbit')
            THEN format_type(a.atttypid, -1) ELSE format_type(a.atttypid, a.atttypmod) END,
       b.typname IN ('json', 'jsonpath', 'xml', 'citext') OR b.typcategory IN ('C', 'G') OR (t.typtype = 'd' AND t.typcategory = 'E'),
       (a.atthasdef AND a.attgenerated = '') OR a.attidentity <> '' OR t.typdefault IS NOT NULL,
       a.attgenerated <> '', a.attidentity = 'a',
       CASE WHEN t.typname IN ('int2', 'int4', 'int8') THEN pg_get_serial_sequence(quote_ident(n.name), a.attname) END
FROM unnest($1::text[]) AS n (name)
LEFT JOIN pg_attribute a ON a.attrelid = to_regclass(quote_ident(n.name)) AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type b ON b.oid = CASE WHEN t.typcategory = 'A' THEN t.typelem WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END`

// describeTables reads the columns of tables from the database.
func describeTables(ctx context.Context, tx pgx.Tx, list []*table) error {
	tables := map[string]*table{}
	var names []string
	for _, t := range list {
		tables[t.Table] = t
		names = append(names, t.Table)
	}
	rows, err := tx.Query(ctx, catalogQuery, pgx.QueryExecModeExec, names)
	if err != nil {
		return err
	}
	var table string
	var column, castType, sequence pgtype.Text
	var asText, hasDefault, generated, always pgtype.Bool
	scans := []any{&table, &column, &castType, &asText, &hasDefault, &generated, &always, &sequence}
	_, err = pgx.ForEachRow(rows, scans, func() error {
		t := tables[table]
		if c, ok := t.index[column.String]; ok && column.Valid {
			t.columns[c].db = dbColumn{castType: castType.String, asText: asText.Bool, hasDefault: hasDefault.Bool,
				generated: generated.Bool, always: always.Bool, sequence: sequence.String}
		}
		t.found = t.found || column.Valid
		return nil
	})
	return err
}

// missing reports tables and columns that the rows need and the database does not have, each one once.
func missing(components []*component) error {
	var list diag.List
	reported := map[any]bool{}
	report := func(what any, r *row, v *value, message string) {
		if reported[what] {
			return
		}
		reported[what] = true
		n := r.node
		if v != nil && v.node != nil {
			n = v.node
		}
		list = append(list, r.source.at(n, wrong("not-in-database", "", "%s", message)))
	}
	for _, component := range components {
		for _, r := range component.rows {
			if !r.table.found {
				report(r.table, r, nil, "the database has no table "+r.table.Table)
				continue
			}
			for c := range r.values {
				column := &r.table.columns[c]
				switch v := &r.values[c]; {
				case v.state == absent:
				case column.db.castType == "":
					report(column, r, v, fmt.Sprintf("the table %s has no column %s in the database", r.table.Table, column.name))
				case column.db.generated:
					report(column, r, v, fmt.Sprintf("the database computes %s.%s, so a fixture cannot set it", r.table.Table, column.name))
				}
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	list.Sort()
	return &fault.Error{Code: fault.Conflict, Message: "the database does not match the schema",
		Hint: "Are migrations pending? Run `krowoc migrate up`, then load the seeds again.", Err: list}
}
