package sync

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// Change is an unsaved change: a session has applied it to the tables, but no migration contains it yet.
type Change struct {
	Up, Down []string // statements
}

// table stores the changes, in the database to which they were applied.
const table = own.UnsavedTable

// Read returns the unsaved changes in the order in which they were applied.
func Read(ctx context.Context, db *pgxpool.Pool) ([]Change, error) {
	const op = "read the unsaved changes"
	var there bool
	if err := db.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there); err != nil || !there {
		return nil, pg.Fault(op, err)
	}
	rows, err := db.Query(ctx, "SELECT up, down FROM "+table+" ORDER BY id")
	if err != nil {
		return nil, pg.Fault(op, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Change])
	return list, pg.Fault(op, err)
}

// Apply applies changes and records them. Each one has its own transaction, so that it can use values that an earlier one added to an
// enum. If a change fails, Apply undoes the earlier ones.
func Apply(ctx context.Context, db *pgxpool.Pool, changes []Change) error {
	const op = "change the tables"
	if _, err := own.Apply(ctx, db); err != nil {
		return pg.Fault(op, err)
	}
	for i, c := range changes {
		err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			if err := execAll(ctx, tx, c.Up); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "INSERT INTO "+table+" (up, down) VALUES ($1, $2)", c.Up, c.Down)
			return err
		})
		if err != nil {
			return errors.Join(pg.Fault(op, err), undoLast(context.WithoutCancel(ctx), db, i))
		}
	}
	return nil
}

// Undo undoes every unsaved change.
func Undo(ctx context.Context, db *pgxpool.Pool) error {
	list, err := Read(ctx, db)
	if err != nil {
		return err
	}
	return undoLast(ctx, db, len(list))
}

// undoLast undoes the last n changes.
func undoLast(ctx context.Context, db *pgxpool.Pool, n int) error {
	list, err := Read(ctx, db)
	if err != nil {
		return err
	}
	for _, c := range slices.Backward(list[len(list)-n:]) {
		err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			if err := execAll(ctx, tx, c.Down); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE id = (SELECT max(id) FROM "+table+")")
			return err
		})
		if err != nil {
			return pg.Fault("undo the unsaved changes", err)
		}
	}
	return nil
}

// Last returns the id of the last unsaved change, or 0.
func Last(ctx context.Context, db *pgxpool.Pool) (id int64, err error) {
	const op = "read the unsaved changes"
	var there bool
	if err := db.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there); err != nil || !there {
		return 0, pg.Fault(op, err)
	}
	err = db.QueryRow(ctx, "SELECT coalesce(max(id), 0) FROM "+table).Scan(&id)
	return id, pg.Fault(op, err)
}

// IsThere reports whether the database still has an unsaved change, and so those before it, which would be undone after it. A change that
// was undone and made again has another id.
func IsThere(ctx context.Context, db *pgxpool.Pool, id int64) (there bool, err error) {
	err = db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+table+" WHERE id = $1)", id).Scan(&there)
	return there, pg.Fault("read the unsaved changes", err)
}

// Forget records that migrations make the changes up to an id now. Later ones stay unsaved.
func Forget(ctx context.Context, db *pgxpool.Pool, upTo int64) error {
	_, err := own.Apply(ctx, db)
	if err == nil {
		_, err = db.Exec(ctx, "DELETE FROM "+table+" WHERE id <= $1", upTo)
	}
	return pg.Fault("record that the changes are saved", err)
}

// execAll runs statements in a transaction.
func execAll(ctx context.Context, tx pgx.Tx, statements []string) error {
	for _, sql := range statements {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
