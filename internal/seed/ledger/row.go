package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg/own"
)

// Row is a row that a fixture of a set inserted. Its key is JSON: values as texts, by column.
type Row struct{ Set, Table, Key string }

// RecordRows records rows that fixtures have inserted. An already recorded row moves to its current set.
func RecordRows(ctx context.Context, tx pgx.Tx, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	if err := Ensure(ctx, tx); err != nil {
		return err
	}
	sets, names, keys := make([]string, len(rows)), make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		sets[i], names[i], keys[i] = r.Set, r.Table, r.Key
	}
	_, err := tx.Exec(ctx, "INSERT INTO "+own.SeedsTable+` (kind, set, name, digest)
		SELECT DISTINCT ON (name, digest) 'row', set, name, digest FROM unnest($1::text[], $2::text[], $3::text[]) AS n (set, name, digest)
		ON CONFLICT (kind, name, digest) DO UPDATE SET set = excluded.set, loaded_at = now()`, sets, names, keys)
	return explain(err)
}

// Rows are the rows that the fixtures of some sets inserted.
func Rows(ctx context.Context, tx pgx.Tx, sets []string) ([]Row, error) {
	if exists, err := Exists(ctx, tx); err != nil || !exists {
		return nil, err
	}
	rows, err := tx.Query(ctx, "SELECT set, name, digest FROM "+own.SeedsTable+" WHERE kind = 'row' AND set = ANY($1)", sets)
	if err != nil {
		return nil, explain(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Row])
	return list, explain(err)
}

// ForgetRows removes the entries of rows of a table that were deleted.
func ForgetRows(ctx context.Context, tx pgx.Tx, table string, keys []string) error {
	_, err := tx.Exec(ctx, "DELETE FROM "+own.SeedsTable+" WHERE kind = 'row' AND name = $1 AND digest = ANY($2)", table, keys)
	return explain(err)
}

// Counts are how many rows a table has.
type Counts struct {
	All       int64
	Others    int64 // of these, rows that no fixture inserted
	Generated int64 // rows that were generated, or inserted by SQL files, as far as the ledger knows
}

// Count counts the rows of a table. name is its name in the ledger, from its name in SQL, and key an expression for the key of row t as
// JSON. key is empty for a table that the ledger does not know.
func Count(ctx context.Context, tx pgx.Tx, name, from, key string) (c Counts, err error) {
	exists, err := Exists(ctx, tx)
	if err != nil {
		return c, err
	}
	if key == "" || !exists {
		err = tx.QueryRow(ctx, "SELECT count(*) FROM "+from).Scan(&c.All)
		c.Others = c.All
		return c, err
	}
	sql := fmt.Sprintf(`SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT FROM %[1]s WHERE kind = 'row' AND name = $1 AND digest = %[2]s::text)),
		(SELECT coalesce(sum(done), 0)::bigint FROM %[1]s WHERE name = $1 AND kind IN ('generated', 'inserted')) FROM %[3]s AS t`, own.SeedsTable, key, from)
	return c, tx.QueryRow(ctx, sql, name).Scan(&c.All, &c.Others, &c.Generated)
}
