package dev

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// Unsaved is a change of the tables that a session has made of a saved schema, and that no migration says yet.
type Unsaved struct {
	Up, Down []string // statements
}

// table keeps them in the database that they are of.
const table = own.UnsavedTable

// ReadUnsaved returns the changes in the order in which they were made.
func ReadUnsaved(ctx context.Context, db *pgxpool.Pool) ([]Unsaved, error) {
	const op = "read the changes that are not saved"
	var there bool
	if err := db.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there); err != nil || !there {
		return nil, pg.Fault(op, err)
	}
	rows, err := db.Query(ctx, "SELECT up, down FROM "+table+" ORDER BY id")
	if err != nil {
		return nil, pg.Fault(op, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Unsaved])
	return list, pg.Fault(op, err)
}

// ApplyUnsaved makes changes and notes them: each in a transaction, so that a later one may use the values that an earlier
// one adds to an enum. Where one fails, those before it are undone.
func ApplyUnsaved(ctx context.Context, db *pgxpool.Pool, changes []Unsaved) error {
	const op = "change the tables"
	if _, err := own.Apply(ctx, db); err != nil {
		return pg.Fault(op, err)
	}
	for i, c := range changes {
		err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			if err := run(ctx, tx, c.Up); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "INSERT INTO "+table+" (up, down) VALUES ($1, $2)", c.Up, c.Down)
			return err
		})
		if err != nil {
			return errors.Join(pg.Fault(op, err), undo(context.WithoutCancel(ctx), db, i))
		}
	}
	return nil
}

// UndoUnsaved undoes every change.
func UndoUnsaved(ctx context.Context, db *pgxpool.Pool) error {
	list, err := ReadUnsaved(ctx, db)
	if err != nil {
		return err
	}
	return undo(ctx, db, len(list))
}

// undo undoes the last n changes.
func undo(ctx context.Context, db *pgxpool.Pool, n int) error {
	list, err := ReadUnsaved(ctx, db)
	if err != nil {
		return err
	}
	for _, c := range slices.Backward(list[len(list)-n:]) {
		err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			if err := run(ctx, tx, c.Down); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE id = (SELECT max(id) FROM "+table+")")
			return err
		})
		if err != nil {
			return pg.Fault("undo the changes that are not saved", err)
		}
	}
	return nil
}

// ForgetUnsaved notes that a migration says the changes now.
func ForgetUnsaved(ctx context.Context, db *pgxpool.Pool) error {
	_, err := own.Apply(ctx, db)
	if err == nil {
		_, err = db.Exec(ctx, "DELETE FROM "+table)
	}
	return pg.Fault("note that the changes are saved", err)
}

func run(ctx context.Context, tx pgx.Tx, statements []string) error {
	for _, sql := range statements {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
