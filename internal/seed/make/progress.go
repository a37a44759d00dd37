package make

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// digest identifies the specification of a table's rows.
func (l *loader) digest(t *blueprint) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", l.Seed, t.typ.Table, t.spec.Text))
	return hex.EncodeToString(sum[:12])
}

// resume reads the progress of earlier runs.
func (l *loader) resume(ctx context.Context, tx pgx.Tx) error {
	for _, t := range l.order {
		before, others, err := ledger.FindGenerated(ctx, tx, t.typ.Table, l.digest(t))
		if err != nil {
			return err
		}
		var empty bool
		if err := tx.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM "+t.quoted()+")").Scan(&empty); err != nil {
			return err
		}
		switch {
		case empty: // the table was emptied
			continue
		case others && t.spec.Place != "":
			return fault.New(fault.Conflict, "", fmt.Sprintf("%s: %s has rows that were generated from a different definition", t.spec.Place, t.typ.Table),
				"Run `krowoc seed --reset` to empty the tables and regenerate all rows.")
		}
		t.done, t.before = before.Done, before
	}
	return nil
}

// record records the number of generated rows of a table.
func (l *loader) record(ctx context.Context, tx pgx.Tx, t *blueprint, done int64) error {
	return ledger.RecordGenerated(ctx, tx, t.typ.Table, l.digest(t), ledger.Generated{Done: done, Total: t.count, Basis: t.basis})
}
