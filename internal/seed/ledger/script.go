package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg/own"
)

// Script is an SQL file of a set.
type Script struct {
	Set, Path string
	Text      []byte
}

// RecordScript records that a file runs, and returns whether its text is new. It must be called before the file runs, since the file may
// change the search_path. Both are in the same transaction.
func RecordScript(ctx context.Context, tx pgx.Tx, s Script) (fresh bool, err error) {
	if err := Ensure(ctx, tx); err != nil {
		return false, err
	}
	sum := sha256.Sum256(s.Text)
	digest := hex.EncodeToString(sum[:])
	tag, err := tx.Exec(ctx, "INSERT INTO "+own.SeedsTable+" (kind, set, name, digest) VALUES ('sql', $3, $1, $2) ON CONFLICT DO NOTHING",
		pgx.QueryExecModeExec, s.Path, digest, s.Set)
	if err != nil || tag.RowsAffected() == 0 {
		return false, explain(err)
	}
	_, err = tx.Exec(ctx, "DELETE FROM "+own.SeedsTable+" WHERE kind = 'sql' AND name = $1 AND digest <> $2",
		pgx.QueryExecModeExec, s.Path, digest)
	return true, explain(err)
}

// RecordInserts runs a file, and records how many rows it inserts into each table.
func RecordInserts(ctx context.Context, tx pgx.Tx, s Script, run func() error) error {
	before, err := inserted(ctx, tx)
	if err != nil {
		return err
	}
	if err := run(); err != nil {
		return err
	}
	after, err := inserted(ctx, tx)
	if err != nil {
		return err
	}
	for table, rows := range after {
		if rows == before[table] {
			continue
		}
		_, err := tx.Exec(ctx, "INSERT INTO "+own.SeedsTable+` AS n (kind, set, name, digest, done) VALUES ('inserted', $1, $2, $3, $4)
			ON CONFLICT (kind, name, digest) DO UPDATE SET done = n.done + excluded.done, loaded_at = now()`, s.Set, table, s.Path, rows-before[table])
		if err != nil {
			return explain(err)
		}
	}
	return nil
}

// inserted returns how many rows the transaction has inserted into each table so far, minus deleted ones. Partitions count as their table.
func inserted(ctx context.Context, tx pgx.Tx) (map[string]int64, error) {
	const query = `SELECT c.relname::text, sum(s.n_tup_ins - s.n_tup_del)::bigint
		FROM pg_stat_xact_user_tables s JOIN pg_class c ON c.oid = coalesce(pg_partition_root(s.relid), s.relid)
		WHERE c.oid = to_regclass(quote_ident(c.relname)) AND c.relname <> $1 GROUP BY 1`
	rows, err := tx.Query(ctx, query, own.SeedsTable)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	var table string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&table, &n}, func() error {
		counts[table] = n
		return nil
	})
	return counts, err
}
