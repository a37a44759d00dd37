// Package ledger records in the database what seeds have loaded, so that a later load can continue, prune and reset: rows of fixtures,
// generated rows, and SQL files with the rows that they inserted. All functions work within the transaction that they are given.
//
// The ledger is a table of package own. An entry of the kind
//   - row is a row that a fixture inserted: name is its table, digest its key;
//   - generated is the number of rows (done of total) that have been generated for a specification: name is the table, digest identifies the
//     specification, and basis identifies the existing parents if each of them gets children;
//   - sql is an SQL file that has run: name is the file, and digest is a hash of its text;
//   - inserted is the number of rows (done) that an SQL file inserted into a table: name is the table, and digest identifies the file.
package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg/own"
)

// Lock makes other loads wait until the transaction ends: two at a time would race to insert the same rows.
func Lock(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('krowoc seed'))", pgx.QueryExecModeExec)
	return err
}

// Exists reports whether the database has a ledger. It has none before the first load.
func Exists(ctx context.Context, tx pgx.Tx) (exists bool, err error) {
	return exists, tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", own.SeedsTable).Scan(&exists)
}

// Ensure creates the ledger if it does not exist, and brings an older one up to date.
func Ensure(ctx context.Context, db own.Target) error {
	_, err := own.Apply(ctx, db)
	return err
}

// explain adds to a refused right the rights on the ledger that a load needs.
func explain(err error) error {
	return own.Denied(err, "SELECT, INSERT, UPDATE, DELETE", own.SeedsTable)
}

// Tables are the tables into which the fixtures and SQL files of some sets have inserted rows.
func Tables(ctx context.Context, tx pgx.Tx, sets []string) ([]string, error) {
	if exists, err := Exists(ctx, tx); err != nil || !exists {
		return nil, err
	}
	rows, err := tx.Query(ctx, "SELECT DISTINCT name FROM "+own.SeedsTable+" WHERE kind IN ('row', 'inserted') AND set = ANY($1)", sets)
	if err != nil {
		return nil, explain(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return list, explain(err)
}

// Forget removes the entries of tables that were emptied, and those of the SQL files of some sets, which then run again.
func Forget(ctx context.Context, tx pgx.Tx, sets, tables []string) error {
	if exists, err := Exists(ctx, tx); err != nil || !exists {
		return err
	}
	_, err := tx.Exec(ctx, "DELETE FROM "+own.SeedsTable+
		" WHERE (kind IN ('row', 'generated', 'inserted') AND name = ANY($1)) OR (kind = 'sql' AND set = ANY($2))", tables, sets)
	return explain(err)
}
