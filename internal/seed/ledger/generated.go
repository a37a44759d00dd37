package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg/own"
)

// Generated is the progress of generating a table's rows.
type Generated struct {
	Done, Total int64
	Basis       string // identifies the existing parents, if each of them gets children
}

// FindGenerated returns the progress of a specification in a table, and whether the table has rows of other specifications.
func FindGenerated(ctx context.Context, tx pgx.Tx, table, digest string) (g Generated, others bool, err error) {
	if exists, err := Exists(ctx, tx); err != nil || !exists {
		return g, false, err
	}
	err = tx.QueryRow(ctx, `SELECT coalesce(max(done) FILTER (WHERE digest = $2), 0), coalesce(max(total) FILTER (WHERE digest = $2), 0),
		coalesce(max(basis) FILTER (WHERE digest = $2), ''), coalesce(bool_or(digest <> $2), false)
		FROM `+own.SeedsTable+" WHERE kind = 'generated' AND name = $1", table, digest).Scan(&g.Done, &g.Total, &g.Basis, &others)
	return g, others, explain(err)
}

// RecordGenerated records the progress of generating a table's rows.
func RecordGenerated(ctx context.Context, tx pgx.Tx, table, digest string, g Generated) error {
	if err := Ensure(ctx, tx); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO "+own.SeedsTable+` (kind, name, digest, done, total, basis) VALUES ('generated', $1, $2, $3, $4, $5)
		ON CONFLICT (kind, name, digest) DO UPDATE SET done = excluded.done, total = excluded.total, basis = excluded.basis, loaded_at = now()`,
		table, digest, g.Done, g.Total, g.Basis)
	return explain(err)
}
