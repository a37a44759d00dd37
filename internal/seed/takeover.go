package seed

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// Postgres checks a unique index with each row that it writes, so one statement cannot exchange the unique values of two rows, whatever
// their final values are. If Postgres refuses a component for that reason, its rows are written in stages: each row after the row whose
// value it takes over. Where rows exchange values in a circle, or the old owner of a value is deleted at the end, the old owner first gets a
// temporary value.

// holder is a row that exists, or a row of the fixtures that is to be inserted.
type holder struct {
	table   *table
	row     *row   // nil for a row that --prune deletes at the end
	at      string // where the existing row is; empty for a row that does not exist
	away    string // the whole row, while it is deleted
	key     string // of a row that is deleted, as in the ledger
	changed []int  // the columns that the fixture changes
	waits   []*holder
	wanted  []*uniqueIndex // the indexes in which another row takes over the value of this one
	parked  bool
	group   *holder // rows that must be written together have the same one
	stage   int     // from 1; 0 before it is known
	open    bool    // while the rows that it waits for are visited
}

// wants records that h takes over a value of another row.
func (h *holder) wants(from *holder, x *uniqueIndex) {
	h.waits = append(h.waits, from)
	if !slices.Contains(from.wanted, x) {
		from.wanted = append(from.wanted, x)
	}
}

// stages orders the rows of a component so that each one comes after the rows whose unique values it takes over, and gives temporary values
// to rows for which there is no such order.
func (w *writer) stages(ctx context.Context, tx pgx.Tx, c *component) ([][]*row, error) {
	holders, err := w.holders(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	for _, h := range w.toPark(holders, c.cyclic) {
		if err := w.park(ctx, tx, h, c.cyclic); err != nil {
			return nil, err
		}
	}
	var stages [][]*row
	for _, h := range holders { // in the order of the rows, so that references come first within a stage
		if h.row == nil {
			continue
		}
		for len(stages) < h.group.stage {
			stages = append(stages, nil)
		}
		stages[h.group.stage-1] = append(stages[h.group.stage-1], h.row)
	}
	return stages, nil
}

// toPark determines the stage of each row, and returns the rows that need a temporary value.
func (w *writer) toPark(holders []*holder, cyclic bool) (parked []*holder) {
	members := together(holders, cyclic)
	park := func(h *holder) {
		if !h.parked {
			h.parked = true
			parked = append(parked, h)
		}
	}
	var visited []*holder
	var visit func(g *holder)
	visit = func(g *holder) {
		g.open, g.stage = true, 1
		for _, h := range members[g] {
			for _, from := range h.waits {
				switch {
				case from.row == nil, from.group.open: // it is deleted at the end, or waits for this row itself
					park(from)
				case from.group.stage == 0:
					visit(from.group)
				}
			}
		}
		g.open = false
		visited = append(visited, g)
	}
	for _, h := range holders {
		if h.row != nil && h.group.stage == 0 {
			visit(h.group)
		}
	}
	for _, g := range visited { // each one after those that it waits for
		for _, h := range members[g] {
			g.stage = max(g.stage, h.earliest())
		}
	}
	return parked
}

// earliest is the first stage in which a row can be written: after those that it waits for, unless they have a temporary value.
func (h *holder) earliest() (stage int) {
	for _, from := range h.waits {
		if !from.parked {
			stage = max(stage, from.group.stage+1)
		}
	}
	return stage
}

// together joins rows into groups that one statement must write: in a cycle of references, a new row and the rows that refer to it.
func together(holders []*holder, cyclic bool) map[*holder][]*holder {
	of := map[*row]*holder{}
	for _, h := range holders {
		h.group = h
		if h.row != nil {
			of[h.row] = h
		}
	}
	find := func(h *holder) *holder {
		for h.group != h {
			h.group = h.group.group
			h = h.group
		}
		return h
	}
	for r, h := range of {
		for c := range r.values {
			if ref := r.values[c].ref; cyclic && ref != nil && of[ref.target] != nil && of[ref.target].at == "" {
				find(h).group = find(of[ref.target])
			}
		}
	}
	members := map[*holder][]*holder{}
	for _, h := range holders {
		h.group = find(h)
		members[h.group] = append(members[h.group], h)
	}
	return members
}

// holders returns the rows of a component, and the rows to delete whose values they take over. It returns an error for a value that a row
// keeps which is neither changed nor deleted.
func (w *writer) holders(ctx context.Context, tx pgx.Tx, c *component) ([]*holder, error) {
	var all []*holder
	byPlace, byRow := map[string]*holder{}, map[*row]*holder{}
	list := groups(c.rows)
	for _, g := range list {
		found, err := g.locate(ctx, tx)
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			byRow[h.row] = h
			if h.at != "" {
				byPlace[h.at] = h
			}
		}
	}
	for _, r := range c.rows {
		all = append(all, byRow[r])
	}
	for _, t := range c.tables {
		indexes, err := uniqueIndexes(ctx, tx, t)
		if err != nil {
			return nil, err
		}
		for _, x := range indexes {
			hits, err := allHits(ctx, tx, list, x)
			if err != nil {
				return nil, err
			}
			left, err := w.takeOver(ctx, tx, x, hits, byRow, byPlace)
			if err != nil {
				return nil, err
			}
			all = append(all, left...)
		}
	}
	return all, nil
}

// allHits returns the hits of all groups in an index.
func allHits(ctx context.Context, tx pgx.Tx, list []*group, x *uniqueIndex) (hits []hit, err error) {
	for _, g := range list {
		more, err := g.hits(ctx, tx, x)
		if err != nil {
			return nil, err
		}
		hits = append(hits, more...)
	}
	return hits, nil
}

// takeOver records which rows take over values of which others in an index, and returns the rows to delete among the latter.
func (w *writer) takeOver(ctx context.Context, tx pgx.Tx, x *uniqueIndex, hits []hit, byRow map[*row]*holder, byPlace map[string]*holder) (left []*holder, err error) {
	keeps := map[string]bool{}
	for _, hit := range hits {
		if h := byRow[hit.row]; h.at == hit.at {
			keeps[h.at] = true
		}
	}
	for _, hit := range hits {
		h := byRow[hit.row]
		if h.at == hit.at {
			continue
		}
		from := byPlace[hit.at]
		if from == nil {
			if from, err = w.deletedLater(ctx, tx, hit.row.table, hit.at); err != nil {
				return nil, err
			}
			if from != nil {
				byPlace[hit.at] = from
				left = append(left, from)
			}
		}
		if from == nil || keeps[hit.at] {
			return nil, w.place(hit.row, x.violation(hit))
		}
		h.wants(from, x)
	}
	return left, nil
}

// deletedLater returns the row at a place if --prune deletes it, and otherwise nil.
func (w *writer) deletedLater(ctx context.Context, tx pgx.Tx, t *table, at string) (*holder, error) {
	if w.sets == nil {
		return nil, nil
	}
	if w.gone == nil {
		recorded, err := ledger.Rows(ctx, tx, w.sets)
		if err != nil {
			return nil, err
		}
		w.gone = map[string]bool{}
		for _, r := range recorded {
			w.gone[r.Table+r.Key] = true
		}
	}
	h := &holder{table: t, at: at}
	sql := "SELECT " + t.keyExpr(t.keys[0]) + "::text FROM " + t.from() + " WHERE " + placeIs
	if err := tx.QueryRow(ctx, sql, pgx.QueryExecModeExec, at).Scan(&h.key); err != nil {
		return nil, err
	}
	if !w.gone[t.Table+h.key] {
		return nil, nil
	}
	return h, nil
}

// violation is the error that Postgres reports for a value that another row has.
func (x *uniqueIndex) violation(h hit) *pgconn.PgError {
	e := &pgconn.PgError{Severity: "ERROR", Code: uniqueViolation, TableName: h.row.table.Table, ConstraintName: x.name,
		Message: `duplicate key value violates unique constraint "` + x.name + `"`}
	e.Detail = "Key (" + strings.Join(x.keys, ", ") + ")=(" + strings.Join(h.values, ", ") + ") already exists."
	return e
}

// uniqueViolation is the SQLSTATE of a value that another row has.
const uniqueViolation = "23505"
