package make

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// digest names what a table's rows are made by.
func (l *loader) digest(t *table) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", l.Seed, t.typ.Table, t.spec.Text))
	return hex.EncodeToString(sum[:12])
}

// notesTable remembers what was loaded. A note of the kind
//   - row is of a row that a fixture has inserted: name is its table, digest its key;
//   - generated is of the first done of total rows that a specification makes: name is the table, digest what tells the specification,
//     basis the parents that were there, where each has children;
//   - sql is of a file of SQL that has run: name is the file, digest that of its text;
//   - inserted is of the done rows that a file of SQL has inserted into a table: name is the table, digest the file.
const notesTable = `CREATE TABLE IF NOT EXISTS ` + pg.SeedsTable + ` (
	kind text NOT NULL, set text NOT NULL DEFAULT '', name text NOT NULL, digest text NOT NULL, done bigint NOT NULL DEFAULT 0,
	total bigint NOT NULL DEFAULT 0, basis text NOT NULL DEFAULT '',
	loaded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (kind, name, digest))`

// HasNotes reports whether anything was ever noted.
func HasNotes(ctx context.Context, tx pgx.Tx) (there bool, err error) {
	return there, tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", pg.SeedsTable).Scan(&there)
}

// EnsureNotes makes the table that remembers what was loaded.
func EnsureNotes(ctx context.Context, tx pgx.Tx) error {
	if there, err := HasNotes(ctx, tx); err != nil || there {
		return err
	}
	_, err := tx.Exec(ctx, notesTable)
	return err
}

// resume finds out what earlier runs have made.
func (l *loader) resume(ctx context.Context, tx pgx.Tx) error {
	if there, err := HasNotes(ctx, tx); err != nil || !there {
		return err
	}
	for _, t := range l.order {
		var done int64
		var others []string
		var empty bool
		var before noted
		err := tx.QueryRow(ctx, fmt.Sprintf(`SELECT coalesce(max(done) FILTER (WHERE digest = $2), 0), coalesce(max(total) FILTER (WHERE digest = $2), 0),
			coalesce(max(basis) FILTER (WHERE digest = $2), ''), coalesce(array_agg(digest) FILTER (WHERE digest <> $2), '{}'),
			NOT EXISTS (SELECT FROM %s) FROM %s WHERE kind = 'generated' AND name = $1`, t.quoted(), pg.SeedsTable),
			t.typ.Table, l.digest(t)).Scan(&done, &before.total, &before.basis, &others, &empty)
		switch {
		case err != nil:
			return err
		case empty: // somebody has emptied the table
			continue
		case len(others) > 0 && t.spec.Place != "":
			return fault.New(fault.Conflict, "", fmt.Sprintf("%s: %s has rows that were made in another way before", t.spec.Place, t.typ.Table),
				"`krowoc seed --reset` empties the tables and makes all rows anew.")
		}
		t.done, t.noted = done, before
	}
	return nil
}

// note remembers how many rows a table got.
func (l *loader) note(ctx context.Context, tx pgx.Tx, t *table, done int64) error {
	if err := EnsureNotes(ctx, tx); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO "+pg.SeedsTable+` (kind, name, digest, done, total, basis) VALUES ('generated', $1, $2, $3, $4, $5)
		ON CONFLICT (kind, name, digest) DO UPDATE SET done = excluded.done, total = excluded.total, basis = excluded.basis, loaded_at = now()`,
		t.typ.Table, l.digest(t), done, t.count, t.basis)
	return err
}
