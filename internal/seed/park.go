package seed

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed/ledger"
	"github.com/krowoc/krowoc/internal/seed/mask"
)

// park gives a row temporary values in the indexes in which another row takes over its values. The row gets its final values in a later
// stage of the same transaction, or is deleted at its end.
func (w *writer) park(ctx context.Context, tx pgx.Tx, h *holder, cyclic bool) error {
	for _, x := range h.wanted {
		done, err := w.parkIn(ctx, tx, h, x)
		because := "other rows refer to it"
		switch {
		case err != nil || done:
		case h.row == nil:
			done, err = w.deleteEarly(ctx, tx, h)
		case cyclic: // the fixtures may refer to it while it is out
			because = "rows of the same fixtures refer to each other"
		default:
			because, err = w.takeOut(ctx, tx, h)
			done = because == ""
		}
		if err != nil {
			return err
		}
		if !done {
			return w.stuck(h, x, because)
		}
		if h.at == "" {
			return nil // deleted, or taken out
		}
	}
	return nil
}

// parkIn changes one column of an index. It tries null first, which no other row can have.
func (w *writer) parkIn(ctx context.Context, tx pgx.Tx, h *holder, x *uniqueIndex) (bool, error) {
	columns := h.parkable(x)
	for _, c := range columns {
		if h.table.columns[c].field.Type.NonNull || x.nulls {
			continue
		}
		if done, err := w.set(ctx, tx, h, c, nil); done || err != nil {
			return done, err
		}
	}
	for _, c := range columns {
		values, err := w.temporary(ctx, tx, h, c)
		if err != nil {
			return false, err
		}
		for _, text := range values {
			if done, err := w.set(ctx, tx, h, c, &text); done || err != nil {
				return done, err
			}
		}
	}
	return false, nil
}

// parkable returns the columns of an index that a temporary value can have, because a later stage sets them, or because the row is deleted.
// Columns that change come first.
func (h *holder) parkable(x *uniqueIndex) (list []int) {
	var kept []int
	for _, name := range x.columns {
		c, known := h.table.index[name]
		switch {
		case !known:
		case h.row == nil && !slices.Contains(h.table.keys[0], c), slices.Contains(h.changed, c):
			list = append(list, c)
		case h.row != nil && h.row.values[c].state == given && !slices.Contains(h.row.match, c):
			kept = append(kept, c)
		}
	}
	return append(list, kept...)
}

// temporary returns values to try in a column. None of them is a value that a row of the fixtures has in the end.
func (w *writer) temporary(ctx context.Context, tx pgx.Tx, h *holder, c int) (values []string, err error) {
	column := &h.table.columns[c]
	if h.table.isReference(c) {
		if values, err = w.targets(ctx, tx, column.field); err != nil {
			return nil, err
		}
	} else {
		var old *string
		sql := fmt.Sprintf("SELECT t.%s::text FROM %s WHERE %s", pg.QuoteIdent(column.name), h.table.from(), placeIs)
		if err := tx.QueryRow(ctx, sql, pgx.QueryExecModeExec, h.at).Scan(&old); err != nil {
			return nil, err
		}
		if old == nil {
			return nil, nil
		}
		values = otherValues(column.field, *old)
	}
	taken := w.finals(h.table, c)
	return slices.DeleteFunc(values, func(text string) bool { return taken[strings.ToLower(text)] }), nil
}

// finals returns the values that the fixtures give in a column, in lower case since an index may ignore case.
func (w *writer) finals(t *table, c int) map[string]bool {
	at := [2]int{t.number, c}
	if w.given[at] == nil {
		w.given[at] = map[string]bool{}
		for _, component := range w.components {
			for _, r := range component.rows {
				if r.table == t {
					w.given[at][strings.ToLower(r.values[c].text)] = true
				}
			}
		}
	}
	return w.given[at]
}

// mostTargets is how many rows a reference is tried with.
const mostTargets = 20

// targets returns keys of rows to which a reference can refer.
func (w *writer) targets(ctx context.Context, tx pgx.Tx, f *schema.Field) ([]string, error) {
	if f.Relation == nil || len(f.Relation.Columns) != 1 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, fmt.Sprintf("SELECT t.%s::text FROM %s AS t LIMIT %d",
		pg.QuoteIdent(f.Relation.References[0].Columns()[0]), pg.QuoteIdent(f.Relation.Target.Table), mostTargets), pgx.QueryExecModeExec)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// set sets a column of an existing row. It reports false if Postgres refuses the value.
func (w *writer) set(ctx context.Context, tx pgx.Tx, h *holder, c int, text *string) (bool, error) {
	column := &h.table.columns[c]
	var at string
	err := pg.InTx(ctx, tx, func(tx pgx.Tx) error {
		sql := fmt.Sprintf("UPDATE %s SET %s = $2::text::%s WHERE %s RETURNING %s", h.table.from(), pg.QuoteIdent(column.name), column.db.castType, placeIs, placeOf)
		return tx.QueryRow(ctx, sql, pgx.QueryExecModeExec, h.at, text).Scan(&at)
	})
	switch {
	case err == nil:
		h.at = at
		return true, nil
	case errors.Is(err, pgx.ErrNoRows), pg.IsAboutRow(err):
		return false, nil
	}
	return false, err
}

// mostSpelled is how many values of a small range are tried, and attempts how many random values.
const (
	mostSpelled = 64
	attempts    = 8
)

// otherValues returns values that a field accepts, as far as the schema tells, other than the given one.
func otherValues(f *schema.Field, old string) (list []string) {
	add := func(text string) {
		if text != old && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	switch {
	case f.Type.List || f.Type.Object != nil:
		return nil
	case f.Type.Enum != nil:
		for _, v := range f.Type.Enum.Values {
			add(v.Label)
		}
		return list
	case f.Type.Scalar == schema.Boolean:
		return []string{"true", "false"}
	}
	for i := range attempts {
		if text, err := mask.New([]byte("krowoc: a temporary value "+strconv.Itoa(i))).Field(f, true).Value(old); err == nil {
			add(text)
		}
	}
	if f.Type.Scalar == schema.Int || f.Type.Scalar == schema.Int64 {
		addNumbers(f.Constraints.Range, add)
	}
	return list
}

// addNumbers adds whole numbers of a range, or rare ones without one.
func addNumbers(r *schema.Range, add func(string)) {
	if r == nil {
		for i := range attempts {
			add(strconv.Itoa(1<<15 - 1 - i)) // the greatest number of a smallint, and then of an integer
			add(strconv.Itoa(-1 - i))
			add(strconv.Itoa(1<<31 - 1 - i))
		}
		return
	}
	low, fromLow := new(big.Int).SetString(r.Min, 10)
	high, fromHigh := new(big.Int).SetString(r.Max, 10)
	one := big.NewInt(1)
	for range mostSpelled {
		switch {
		case fromLow && (!fromHigh || low.Cmp(high) <= 0):
			add(low.String())
			low.Add(low, one)
		case fromHigh && !fromLow:
			add(high.String())
			high.Sub(high, one)
		}
	}
}

// deleteEarly deletes a row that --prune would delete at the end, if nothing refers to it.
func (w *writer) deleteEarly(ctx context.Context, tx pgx.Tx, h *holder) (bool, error) {
	if used, err := h.isUsed(ctx, tx); used || err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM "+h.table.from()+" WHERE "+placeIs, pgx.QueryExecModeExec, h.at); err != nil {
		return false, err
	}
	h.at = ""
	w.early = append(w.early, h)
	return true, ledger.ForgetRows(ctx, tx, h.table.Table, []string{h.key})
}

// isUsed reports whether a foreign key refers to the row.
func (h *holder) isUsed(ctx context.Context, tx pgx.Tx) (bool, error) {
	rows, err := tx.Query(ctx, `SELECT format('SELECT FROM %s AS r JOIN %s AS t ON %s WHERE `+strings.ReplaceAll(placeIs, "'", "''")+`', k.conrelid::regclass, k.confrelid::regclass,
			(SELECT string_agg(format('r.%I = t.%I', a.attname, b.attname), ' AND ') FROM unnest(k.conkey, k.confkey) AS u (own, other)
			 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.own JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.other))
		FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = to_regclass(quote_ident($1)) AND k.conparentid = 0`, pgx.QueryExecModeExec, h.table.Table)
	if err != nil {
		return false, err
	}
	queries, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, sql := range queries {
		var used bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS ("+sql+")", pgx.QueryExecModeExec, h.at).Scan(&used); used || err != nil {
			return used, err
		}
	}
	return false, err
}

// stuck returns the error for a value that cannot be taken over, because its row can have no other value and cannot be deleted for a while.
func (w *writer) stuck(h *holder, x *uniqueIndex, because string) error {
	what := strings.Join(x.keys, " and ")
	if h.row == nil {
		return fault.New(fault.Conflict, op, fmt.Sprintf("a new row of %s takes over %s of a row that is no longer in the fixtures, %s; the table accepts no temporary value for it, and other rows refer to it",
			h.table.Table, what, h.key), "Keep the name of the row in the fixtures, or delete the rows that refer to it. Nothing was changed.")
	}
	p := wrong("refused", "allow one more value, or make the field nullable, while the rows exchange theirs; or delete the row, and load it again",
		"%s exchanges %s with other rows; Postgres checks the index %s after each row, %s accepts no temporary value, and the row cannot be taken out for a moment because %s",
		h.row.label(), what, x.name, h.table.Table, because)
	n := h.row.node
	for _, c := range h.parkable(x) {
		if at := h.row.values[c].node; at != nil {
			n = at
		}
	}
	return &fault.Error{Code: fault.Conflict, Message: "rows cannot exchange their values, so nothing was loaded", Err: diag.List{h.row.source.at(n, p)}}
}
