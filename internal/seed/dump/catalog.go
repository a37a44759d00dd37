package dump

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/krowoc/krowoc/internal/fault"
)

// settings give values a fixed format, independent of the server's settings. They also suppress messages about rows, including those in the
// server's log, which other users may read. Only a superuser can change the log.
const settings = `SET LOCAL client_min_messages = error; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601';
SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex';
SELECT set_config('log_min_messages', 'panic', true) WHERE current_setting('is_superuser') = 'on'`

const catalogQuery = `
SELECT n.name, a.attname,
       CASE WHEN t.typname IN ('varchar', 'bpchar', 'bit', 'varbit') THEN format_type(a.atttypid, -1) ELSE format_type(a.atttypid, a.atttypmod) END,
       a.attgenerated <> ''
FROM unnest($1::text[]) AS n (name)
LEFT JOIN pg_attribute a ON a.attrelid = to_regclass(quote_ident(n.name)) AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type t ON t.oid = a.atttypid`

// begin prepares the transaction and reads the columns from the database.
func (d *dumper) begin(ctx context.Context) error {
	for statement := range strings.SplitSeq(settings, ";") {
		if _, err := d.tx.Exec(ctx, statement, pgx.QueryExecModeExec); err != nil {
			return err
		}
	}
	names := make([]string, len(d.tables))
	for i, t := range d.tables {
		names[i] = t.Table
	}
	rows, err := d.tx.Query(ctx, catalogQuery, pgx.QueryExecModeExec, names)
	if err != nil {
		return err
	}
	var name string
	var columnName, cast pgtype.Text
	var computed pgtype.Bool
	found := map[*table]bool{}
	_, err = pgx.ForEachRow(rows, []any{&name, &columnName, &cast, &computed}, func() error {
		t := d.byName[name]
		found[t] = found[t] || columnName.Valid
		if c, ok := t.index[columnName.String]; ok {
			t.columns[c].cast = cast.String
			if computed.Bool {
				t.omitted[t.columns[c].field] = true // computed by the database, which the schema does not specify
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.missing(found)
}

// missing reports tables and columns of the schema that the database does not have.
func (d *dumper) missing(found map[*table]bool) error {
	for _, t := range d.tables {
		message := ""
		if !found[t] {
			message = "the database has no table " + t.Table
		}
		for _, c := range t.columns {
			if found[t] && c.cast == "" {
				message = fmt.Sprintf("the table %s has no column %s in the database", t.Table, c.name)
			}
		}
		if message != "" {
			return fault.New(fault.Conflict, op, message, "Check that the schema matches this database and that no migrations are pending.")
		}
	}
	return nil
}
