package seed

import (
	"context"

	"github.com/krowoc/krowoc/internal/pg"
	maker "github.com/krowoc/krowoc/internal/seed/make"
)

// noted is a row that was inserted for a set. Its key is JSON: values as texts, by column.
type noted struct{ set, table, key string }

// note remembers the rows that were inserted, so that --prune and --reset know them from those of others.
func (w *writer) note(ctx context.Context) error {
	if len(w.noted) == 0 {
		return nil
	}
	if err := maker.EnsureNotes(ctx, w.tx); err != nil {
		return err
	}
	sets, names, keys := make([]string, len(w.noted)), make([]string, len(w.noted)), make([]string, len(w.noted))
	for i, n := range w.noted {
		sets[i], names[i], keys[i] = n.set, n.table, n.key
	}
	_, err := w.tx.Exec(ctx, "INSERT INTO "+pg.SeedsTable+` (kind, set, name, digest)
		SELECT DISTINCT ON (name, digest) 'row', set, name, digest FROM unnest($1::text[], $2::text[], $3::text[]) AS n (set, name, digest)
		ON CONFLICT (kind, name, digest) DO UPDATE SET set = excluded.set, loaded_at = now()`, sets, names, keys)
	return err
}
