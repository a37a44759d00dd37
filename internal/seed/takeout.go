package seed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/pg"
)

// takeOut deletes a row whose value another row takes over, if the field accepts no temporary value. putBack inserts it again, with its final
// values and all others as they were, so nobody sees a difference: no row refers to it, and no trigger runs. Otherwise, it returns why not.
func (w *writer) takeOut(ctx context.Context, tx pgx.Tx, h *holder) (because string, err error) {
	used, err := h.isUsed(ctx, tx)
	if used || err != nil {
		return "other rows refer to it", err
	}
	var triggers bool
	const query = "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(quote_ident($1)) AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 12 <> 0)" // of INSERT or DELETE
	if err := tx.QueryRow(ctx, query, pgx.QueryExecModeExec, h.table.Table).Scan(&triggers); triggers || err != nil {
		return "the triggers of " + h.table.Table + " would run", err
	}
	err = pg.InTx(ctx, tx, func(tx pgx.Tx) error {
		sql := "DELETE FROM " + h.table.from() + " WHERE " + placeIs + " RETURNING t::text"
		return tx.QueryRow(ctx, sql, pgx.QueryExecModeExec, h.at).Scan(&h.away)
	})
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return "Postgres refuses that: " + refused.Message, nil
	}
	h.at = ""
	w.away[h.row] = h
	return "", err
}

// putBack inserts a row again that was taken out, if it was.
func (w *writer) putBack(ctx context.Context, tx pgx.Tx, r *row) error {
	h := w.away[r]
	if h == nil {
		return nil
	}
	rows, err := tx.Query(ctx, `SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
		pgx.QueryExecModeExec, h.table.Table)
	if err != nil {
		return err
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	names, values, args := make([]string, len(columns)), make([]string, len(columns)), []any{h.away}
	for i, name := range columns {
		names[i] = pg.QuoteIdent(name)
		values[i] = "(s.r)." + names[i]
		if c, known := h.table.index[name]; known && slices.Contains(h.changed, c) {
			text := &r.values[c].text
			if r.values[c].null {
				text = nil
			}
			args = append(args, text)
			values[i] = fmt.Sprintf("$%d::text::%s", len(args), h.table.columns[c].db.castType)
		}
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM (SELECT $1::text::%s AS r) AS s RETURNING %s",
		h.table.from(), strings.Join(names, ", "), strings.Join(values, ", "), pg.QuoteIdent(h.table.Table), placeOf)
	if err := tx.QueryRow(ctx, sql, append([]any{pgx.QueryExecModeExec}, args...)...).Scan(&h.at); err != nil {
		return err
	}
	if touched := groups([]*row{r})[0].touched(w.asked.now); len(touched) > 0 {
		_, err = tx.Exec(ctx, "UPDATE "+h.table.from()+" SET "+strings.Join(touched, ", ")+" WHERE "+placeIs, pgx.QueryExecModeExec, h.at)
	}
	return err
}

// updatedAway adds the rows that were put back to the updated ones, since the statement of their group found them as they will be.
func (w *writer) updatedAway(g *group, o *outcome) {
	for i, r := range g.rows {
		h := w.away[r]
		if h == nil {
			continue
		}
		o.updated = append(o.updated, int64(i+1))
		if w.asked.dryRun {
			var fields []string
			for _, c := range h.changed {
				fields = append(fields, h.table.columns[c].field.Name)
			}
			o.fields = append(o.fields, strings.Join(fields, ","))
		}
	}
}
