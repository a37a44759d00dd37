package seed

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// ResetMode says which tables may be emptied before a load.
type ResetMode string

// How a table is emptied.
const (
	ResetLoaded ResetMode = "loaded" // only if it holds no more rows than seeds have loaded
	ResetAll    ResetMode = "all"    // whatever it holds, and with it the tables that refer to it
)

// reset empties the tables of the sets and of the rows that are made.
func (o *Options) reset(ctx context.Context, tx pgx.Tx, f *fixtures) ([]TableSummary, error) {
	if o.Reset != ResetLoaded && o.Reset != ResetAll {
		return nil, fault.New(fault.Invalid, op, fmt.Sprintf("there is no reset %q", o.Reset), "There are: loaded, all.")
	}
	tables, err := o.resettable(ctx, tx, f)
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	counts, err := countRows(ctx, tx, tables)
	if err != nil {
		return nil, err
	}
	if o.Reset == ResetLoaded {
		for i, c := range counts {
			if c.rows > c.loaded {
				return nil, fault.New(fault.Conflict, "empty the tables", fmt.Sprintf("%s has %d rows, of which seeds have loaded %d", tables[i], c.rows, c.loaded),
					"--reset=all empties it all the same, and the tables that refer to it. Nothing was changed.")
			}
		}
	}
	return emptyTables(ctx, tx, f.sets, tables, counts)
}

// resettable are the tables that are filled, those that were filled for the sets before, and those that refer to them: these must be
// empty unless all is to go.
func (o *Options) resettable(ctx context.Context, tx pgx.Tx, f *fixtures) ([]string, error) {
	var names []string
	for _, r := range f.rows {
		if !slices.Contains(names, r.table.Table) {
			names = append(names, r.table.Table)
		}
	}
	if f.plan != nil {
		names = append(names, f.plan.Tables()...)
	}
	if there, err := hasNotes(ctx, tx); err != nil {
		return nil, err
	} else if there {
		rows, err := tx.Query(ctx, "SELECT DISTINCT name FROM "+pg.SeedsTable+" WHERE kind = 'row' AND set = ANY($1)", f.sets)
		if err != nil {
			return nil, err
		}
		before, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		names = append(names, before...)
	}
	// TRUNCATE wants all tables named that refer to those which it empties.
	const query = `WITH RECURSIVE t AS (
			SELECT to_regclass(quote_ident(n))::oid AS oid FROM unnest($1::text[]) AS n
			UNION SELECT k.conrelid FROM t JOIN pg_constraint k ON k.contype = 'f' AND k.confrelid = t.oid AND k.conparentid = 0)
		SELECT c.relname FROM t JOIN pg_class c ON c.oid = t.oid ORDER BY 1`
	rows, err := tx.Query(ctx, query, names)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

type held struct{ rows, loaded int64 }

// countRows says of each table how many rows it has, and how many of them seeds have loaded.
func countRows(ctx context.Context, tx pgx.Tx, tables []string) ([]held, error) {
	loaded := "0::bigint"
	if there, err := hasNotes(ctx, tx); err != nil {
		return nil, err
	} else if there {
		loaded = "(SELECT coalesce(sum(CASE kind WHEN 'row' THEN 1 ELSE done END), 0)::bigint FROM " + pg.SeedsTable + " WHERE name = %s AND kind IN ('row', 'generated', 'inserted'))"
	}
	counts := make([]held, len(tables))
	for i, name := range tables {
		sql := "SELECT (SELECT count(*) FROM " + pg.QuoteIdent(name) + "), " + strings.ReplaceAll(loaded, "%s", pg.QuoteLiteral(name))
		if err := tx.QueryRow(ctx, sql).Scan(&counts[i].rows, &counts[i].loaded); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// emptyTables empties tables, and forgets what was loaded into them.
func emptyTables(ctx context.Context, tx pgx.Tx, sets, tables []string, counts []held) ([]TableSummary, error) {
	quoted := make([]string, len(tables))
	var emptied []TableSummary
	for i, name := range tables {
		quoted[i] = pg.QuoteIdent(name)
		if counts[i].rows > 0 {
			emptied = append(emptied, TableSummary{Table: name, Deleted: int(counts[i].rows)})
		}
	}
	if _, err := tx.Exec(ctx, "TRUNCATE "+strings.Join(quoted, ", ")+" RESTART IDENTITY"); err != nil {
		return nil, err
	}
	if there, err := hasNotes(ctx, tx); err != nil || !there {
		return emptied, err
	}
	_, err := tx.Exec(ctx, "DELETE FROM "+pg.SeedsTable+" WHERE kind IN ('row', 'generated', 'inserted') AND name = ANY($1) OR kind = 'sql' AND set = ANY($2)", tables, sets)
	return emptied, err
}
