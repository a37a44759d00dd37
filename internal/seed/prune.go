package seed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// prune deletes the rows that an earlier load of the sets inserted and that are no longer in the fixtures.
func (o *Options) prune(ctx context.Context, w *writer, f *fixtures) error {
	for _, h := range w.early {
		w.deleted(h.table, []string{h.key})
	}
	recorded, err := ledger.Rows(ctx, w.tx, f.sets)
	if err != nil || len(recorded) == 0 {
		return err
	}
	gone := map[*table][]ledger.Row{}
	for _, r := range recorded {
		if t := f.tables.byName[r.Table]; t != nil && !w.present[r.Table+r.Key] {
			gone[t] = append(gone[t], r)
		}
	}
	if err := describeTables(ctx, w.tx, slices.Collect(maps.Keys(gone))); err != nil {
		return err
	}
	for _, typ := range referrersFirst(o.Schema.Tables) {
		t := f.tables.byName[typ.Table]
		if err := w.deleteRows(ctx, t, gone[t]); err != nil {
			return err
		}
	}
	return nil
}

// deleteRows deletes rows by key, and removes them from the ledger.
func (w *writer) deleteRows(ctx context.Context, t *table, rows []ledger.Row) error {
	if len(rows) == 0 || !t.found {
		return nil
	}
	keys := make([]string, len(rows))
	shapes := map[string][]string{} // keys, grouped by their columns
	for i, r := range rows {
		keys[i] = r.Key
		var key map[string]string
		if err := json.Unmarshal([]byte(r.Key), &key); err != nil {
			return fault.Wrap("read what was loaded", err)
		}
		shape := strings.Join(slices.Sorted(maps.Keys(key)), "\x00")
		shapes[shape] = append(shapes[shape], r.Key)
	}
	for _, shape := range slices.Sorted(maps.Keys(shapes)) {
		deleted, err := w.deleteKeys(ctx, t, strings.Split(shape, "\x00"), shapes[shape])
		if err != nil {
			return stillUsed(t, err)
		}
		w.deleted(t, deleted)
	}
	return ledger.ForgetRows(ctx, w.tx, t.Table, keys)
}

func (w *writer) deleteKeys(ctx context.Context, t *table, columns, keys []string) ([]string, error) {
	var same []string
	for _, name := range columns {
		c, ok := t.index[name]
		if !ok { // the column no longer exists, so the row cannot be found
			return nil, nil
		}
		cast := t.columns[c].db.castType
		value := fmt.Sprintf("(k.key->>%s)::%s", pg.QuoteLiteral(name), cast)
		if strings.HasSuffix(cast, "with time zone") {
			value = fmt.Sprintf("((k.key->>%s) || 'Z')::%s", pg.QuoteLiteral(name), cast)
		}
		same = append(same, fmt.Sprintf("t.%s = %s", pg.QuoteIdent(name), value))
	}
	rows, err := w.tx.Query(ctx, fmt.Sprintf("DELETE FROM %s AS t USING unnest($1::jsonb[]) AS k (key) WHERE %s RETURNING k.key::text",
		pg.QuoteIdent(t.Table), strings.Join(same, " AND ")), keys)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (w *writer) deleted(t *table, keys []string) {
	if w.counts[t] == nil {
		w.counts[t] = &TableSummary{Table: t.Table}
		w.components = append(w.components, &component{tables: []*table{t}})
	}
	w.counts[t].Deleted += len(keys)
	for _, key := range keys {
		w.changes = append(w.changes, Change{Table: t.Table, Row: key, Action: Delete})
	}
}

// stillUsed returns the error for a deleted row to which another row refers.
func stillUsed(t *table, err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || !pg.IsForeignKeyViolation(refused.Code) {
		return err
	}
	return &fault.Error{Code: fault.Conflict, Op: "delete the rows of " + t.Table + " that are no longer in the fixtures", Message: refused.Message + ": " + refused.Detail,
		Hint: "Delete or change the rows that refer to it, or put it back into the fixtures. Nothing was changed.", Err: err}
}

// referrersFirst orders types so that each one comes before those that it refers to, as far as possible.
func referrersFirst(types []*schema.Type) []*schema.Type {
	list := make([]*schema.Type, 0, len(types))
	seen := map[*schema.Type]bool{}
	var visit func(t *schema.Type)
	visit = func(t *schema.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		for _, f := range t.Fields {
			if f.Relation != nil && f.Relation.Kind == schema.RefOne {
				visit(f.Relation.Target)
			}
		}
		list = append(list, t)
	}
	for _, t := range types {
		visit(t)
	}
	slices.Reverse(list)
	return list
}
