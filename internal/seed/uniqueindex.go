package seed

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
)

// uniqueIndex is a unique index of the database, which the schema does not have to define.
type uniqueIndex struct {
	name    string
	table   *table
	keys    []string // expressions over the columns
	where   string   // the condition of a partial index
	columns []string // that the expressions and the condition use
	nulls   bool     // nulls are equal
}

const uniqueIndexQuery = `
SELECT c.relname, ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) AS k ORDER BY k),
       coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND (a.attnum = ANY(i.indkey) OR a.attnum IN (
             SELECT d.refobjsubid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid = i.indrelid))
             AND a.attnum > 0 ORDER BY a.attnum),
       coalesce((to_jsonb(i)->>'indnullsnotdistinct')::boolean, false)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = to_regclass(quote_ident($1)) AND i.indisunique AND i.indisvalid ORDER BY 1`

func uniqueIndexes(ctx context.Context, tx pgx.Tx, t *table) ([]*uniqueIndex, error) {
	rows, err := tx.Query(ctx, uniqueIndexQuery, pgx.QueryExecModeExec, t.Table)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*uniqueIndex, error) {
		x := &uniqueIndex{table: t}
		return x, row.Scan(&x.name, &x.keys, &x.where, &x.columns, &x.nulls)
	})
}

// A row is found again by its place, which is unique also in a partitioned table. The place changes when the row is updated.
const (
	placeOf = "t.tableoid::text || t.ctid::text"
	placeIs = "t.tableoid = split_part($1, '(', 1)::oid AND t.ctid = ('(' || split_part($1, '(', 2))::tid"
)

// from returns the table with the alias t.
func (t *table) from() string { return pg.QuoteIdent(t.Table) + " AS t" }

// locate finds the existing rows of a group, and the columns in which they differ.
func (g *group) locate(ctx context.Context, tx pgx.Tx) ([]*holder, error) {
	differences := g.differences()
	tests := make([]string, len(differences))
	for i, d := range differences {
		tests[i] = d.differs
	}
	var s statement
	sql := fmt.Sprintf("WITH s AS (%s) SELECT s.%s, coalesce(%s, ''), ARRAY[%s]::bool[] FROM s LEFT JOIN %s ON %s ORDER BY 1",
		s.values(g), ordinal, placeOf, strings.Join(tests, ", "), g.table.from(), g.matches())
	rows, err := tx.Query(ctx, sql, append([]any{pgx.QueryExecModeExec}, s.args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*holder, error) {
		var n int64
		var differ []bool
		h := &holder{table: g.table}
		err := row.Scan(&n, &h.at, &differ)
		h.row = g.rows[n-1]
		for i, d := range differences {
			if h.at != "" && differ[i] {
				h.changed = append(h.changed, d.column)
			}
		}
		return h, err
	})
}

// hit is an existing row that has the unique value that a row of the fixtures will have. It can be the same row.
type hit struct {
	row    *row
	at     string
	values []string // of the index
}

// hits finds the existing rows that have the values which the rows of a group will have in an index. A column that a row does not set keeps
// its value, and is null in a new row.
func (g *group) hits(ctx context.Context, tx pgx.Tx, x *uniqueIndex) ([]hit, error) {
	if x.table != g.table {
		return nil, nil
	}
	touches := func(c int) bool { return slices.Contains(x.columns, g.table.columns[c].name) }
	if !slices.ContainsFunc(g.all(), touches) {
		return nil, nil
	}
	var columns []string
	for _, name := range x.columns {
		quoted, source := pg.QuoteIdent(name), "t."
		switch c, known := g.table.index[name]; {
		case known && slices.Contains(g.given, c):
			source = "s."
		case known && slices.Contains(g.insert, c):
			columns = append(columns, fmt.Sprintf("CASE WHEN t.ctid IS NULL THEN s.%s ELSE t.%s END AS %s", quoted, quoted, quoted))
			continue
		}
		columns = append(columns, source+quoted)
	}
	var keys, same, texts []string
	for i, key := range x.keys {
		name := fmt.Sprintf(`"krowoc key %d"`, i)
		operator := "="
		if x.nulls {
			operator = "IS NOT DISTINCT FROM"
		}
		keys = append(keys, fmt.Sprintf("(%s) AS %s", key, name))
		same = append(same, fmt.Sprintf("(%s) %s f.%s", key, operator, name))
		texts = append(texts, fmt.Sprintf("coalesce(f.%s::text, 'null')", name))
	}
	var s statement
	sql := fmt.Sprintf(`WITH s AS (%[1]s), final AS (SELECT s.%[2]s, %[3]s FROM s LEFT JOIN %[4]s ON %[5]s),
		f AS (SELECT %[2]s, %[6]s FROM final WHERE %[7]s)
		SELECT f.%[2]s, h.at, ARRAY[%[8]s] FROM f CROSS JOIN LATERAL (SELECT %[9]s AS at FROM %[4]s WHERE %[10]s AND (%[7]s)) AS h ORDER BY 1`,
		s.values(g), ordinal, strings.Join(columns, ", "), g.table.from(), g.matches(), strings.Join(keys, ", "), x.where,
		strings.Join(texts, ", "), placeOf, strings.Join(same, " AND "))
	rows, err := tx.Query(ctx, sql, append([]any{pgx.QueryExecModeExec}, s.args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h hit, err error) {
		var n int64
		err = row.Scan(&n, &h.at, &h.values)
		h.row = g.rows[n-1]
		return h, err
	})
}
