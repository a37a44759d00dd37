package dump

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

// batchRows is the maximum number of keys in one query.
const batchRows = 2000

func (t *table) quoted() string { return pg.QuoteIdent(t.Table) }

// selected returns the column list of a SELECT, with NULL for columns that are not wanted. Columns are texts, and lists are JSON arrays of
// texts.
func (t *table) selected(wanted []bool) string {
	parts := make([]string, len(t.columns))
	for c := range t.columns {
		switch column := &t.columns[c]; {
		case !wanted[c]:
			parts[c] = "NULL"
		case !column.list:
			parts[c] = t.qualified(c) + "::text"
		default:
			parts[c] = "to_json(" + t.qualified(c) + "::text[])::text"
		}
	}
	return strings.Join(parts, ", ")
}

func (t *table) orderedBy() string {
	parts := make([]string, len(t.key))
	for i, c := range t.key {
		parts[i] = t.qualified(c)
	}
	return strings.Join(parts, ", ")
}

// holding returns the condition that columns have one of many keys, and its arguments.
func (t *table) holding(columns []int, keys []string) (string, []any) {
	args := arraysOf(keys, len(columns))
	if len(columns) == 1 {
		return fmt.Sprintf("%s = ANY ($1::text[]::%s[])", t.qualified(columns[0]), t.columns[columns[0]].cast), args
	}
	var names, casts, arrays, values []string
	for i, c := range columns {
		names = append(names, t.qualified(c))
		casts = append(casts, fmt.Sprintf("v%d::%s", i, t.columns[c].cast))
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", i+1))
		values = append(values, fmt.Sprintf("v%d", i))
	}
	return fmt.Sprintf("(%s) IN (SELECT %s FROM unnest(%s) AS v (%s))",
		strings.Join(names, ", "), strings.Join(casts, ", "), strings.Join(arrays, ", "), strings.Join(values, ", ")), args
}

// fetch chooses the rows of a query and returns them, including rows that have already been chosen.
func (d *dumper) fetch(ctx context.Context, t *table, sql string, args ...any) ([]*row, error) {
	result, err := d.tx.Query(ctx, sql, append([]any{pgx.QueryExecModeExec}, args...)...)
	if err != nil {
		return nil, err
	}
	var list []*row
	v := make(values, len(t.columns))
	_, err = pgx.ForEachRow(result, v.targets(), func() error {
		list = append(list, d.choose(t, v))
		return nil
	})
	return list, err
}

// targets returns pointers to the values, to scan a row into.
func (v values) targets() []any {
	targets := make([]any, len(v))
	for i := range v {
		targets[i] = &v[i]
	}
	return targets
}

// choose adds a row, unless it has already been chosen, and records the rows that it refers to.
func (d *dumper) choose(t *table, v values) *row {
	raw := v.key(t.key)
	key := t.folded(raw, t.key)
	if r := t.byKey[key]; r != nil {
		return r
	}
	r := &row{key: raw}
	t.rows, t.byKey[key] = append(t.rows, r), r
	delete(t.pending, key)
	d.count++
	for _, ref := range t.refs {
		if !v.isSet(ref.columns) {
			continue
		}
		raw := v.key(ref.columns)
		if target := t.folded(raw, ref.columns); ref.target.byKey[target] == nil {
			ref.target.pending[target] = raw
		}
	}
	t.suggestNames(v)
	d.secrets.addRow(t, v)
	return r
}

// chooseChildren reads the rows that refer to chosen ones, from the roots downwards. Without named roots, all tables are roots and have no
// children.
func (d *dumper) chooseChildren(ctx context.Context, parents map[*table][]*row) error {
	if d.Children == 0 || len(d.Roots) == 0 {
		return nil
	}
	for range d.Depth {
		next := map[*table][]*row{}
		for _, t := range d.tables {
			fresh := slices.DeleteFunc(parents[t], func(r *row) bool { return r.expanded })
			for _, r := range fresh {
				r.expanded = true
			}
			if err := d.chooseChildrenOf(ctx, t, fresh, next); err != nil {
				return err
			}
		}
		parents = next
	}
	return nil
}

func (d *dumper) chooseChildrenOf(ctx context.Context, parent *table, rows []*row, next map[*table][]*row) error {
	for batch := range slices.Chunk(rows, batchRows) {
		keys := keysOf(batch)
		for _, child := range d.tables {
			for _, ref := range child.refs {
				if ref.target != parent {
					continue
				}
				sql, args := child.firstOf(ref, keys, d.Children)
				found, err := d.fetch(ctx, child, sql, args...)
				if err != nil {
					return err
				}
				next[child] = append(next[child], found...)
			}
		}
	}
	return nil
}

// firstOf returns the query for the first rows that refer to each of many keys.
func (t *table) firstOf(ref reference, keys []string, limit int) (string, []any) {
	condition, args := t.holding(ref.columns, keys)
	parts := make([]string, len(ref.columns))
	for i, c := range ref.columns {
		parts[i] = t.qualified(c)
	}
	const nth = `"krowoc nth"`
	return fmt.Sprintf("SELECT %s FROM (SELECT %s.*, row_number() OVER (PARTITION BY %s ORDER BY %s) AS %s FROM %s WHERE %s) AS %s WHERE %s <= %d ORDER BY %s",
		t.selected(t.light), t.quoted(), strings.Join(parts, ", "), t.orderedBy(), nth, t.quoted(), condition, t.quoted(), nth, limit, t.orderedBy()), args
}

// chooseTargets reads the rows that chosen rows refer to, until none is missing.
func (d *dumper) chooseTargets(ctx context.Context) error {
	for again := true; again; {
		again = false
		for _, t := range d.tables {
			if len(t.pending) == 0 {
				continue
			}
			again = true
			if err := d.choosePending(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *dumper) choosePending(ctx context.Context, t *table) error {
	wanted := slices.Sorted(maps.Keys(t.pending))
	for batch := range slices.Chunk(wanted, batchRows) {
		keys := make([]string, 0, len(batch))
		for _, key := range batch {
			if raw, pending := t.pending[key]; pending { // not chosen in the meantime
				keys = append(keys, raw)
			}
		}
		condition, args := t.holding(t.key, keys)
		if _, err := d.fetch(ctx, t, fmt.Sprintf("SELECT %s FROM %s WHERE %s", t.selected(t.light), t.quoted(), condition), args...); err != nil {
			return err
		}
		for _, key := range batch {
			if t.byKey[key] == nil {
				return fault.New(fault.Conflict, op, "the database has rows that refer to rows of "+t.Table+" that do not exist or that this user cannot see",
					"Fixtures of these rows would not load. Exclude the rows with --root, or the reference with --omit.")
			}
			delete(t.pending, key)
		}
	}
	return nil
}
