package make

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
)

// mostKnown is the maximum number of existing values of a unique constraint that are read.
const mostKnown = 5_000_000

// prepareUniques determines how rows become unique.
func (t *blueprint) prepareUniques(ctx context.Context, tx pgx.Tx) error {
	if err := t.prepareSpread(); err != nil {
		return err
	}
	for _, u := range t.uniques {
		if u.seen == nil {
			continue
		}
		if err := t.known(ctx, tx, u); err != nil {
			return err
		}
		if u.total > 0 {
			why := fmt.Sprintf("no two rows of %s may have the same %s, and %d of %d are in use", t.typ.Table, names(u.fields), len(u.seen), u.total)
			if err := t.limit(t.done+u.total-int64(len(u.seen)), why); err != nil {
				return err
			}
		}
	}
	return nil
}

// known reads the values of existing rows.
func (t *blueprint) known(ctx context.Context, tx pgx.Tx, u *uniqueness) error {
	if !t.filled {
		return nil
	}
	slots := make([]string, len(u.slots))
	for i, c := range u.slots {
		slots[i] = pg.QuoteIdent(t.slots[c].name)
	}
	rows, err := tx.Query(ctx, fmt.Sprintf("SELECT %s FROM %s LIMIT %d", strings.Join(slots, ", "), t.quoted(), mostKnown),
		pgx.QueryResultFormats{pgx.BinaryFormatCode})
	if err != nil {
		return err
	}
	defer rows.Close()
	values := make([]datum, len(t.slots))
	for rows.Next() {
		for i, raw := range rows.RawValues() {
			values[u.slots[i]] = t.slots[u.slots[i]].decode(raw)
		}
		if h, ok := u.hash(values, t.slots); ok {
			u.seen[h] = struct{}{}
		}
	}
	return rows.Err()
}
