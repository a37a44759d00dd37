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

// selected returns the column list of a SELECT. Columns are texts, and lists are JSON arrays of texts.
func (t *table) selected() string {
	parts := make([]string, len(t.columns))
	for c := range t.columns {
		switch column := &t.columns[c]; {
		case t.omitted[column.field]:
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
func (t *table) holding(columns []int, keys [][]*string) (string, []any) {
	args := make([]any, len(columns))
	for i := range columns {
		texts := make([]*string, len(keys))
		for k := range keys {
			texts[k] = keys[k][i]
		}
		args[i] = texts
	}
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
	targets := make([]any, len(t.columns))
	values := make([]*string, len(t.columns))
	for i := range values {
		targets[i] = &values[i]
	}
	_, err = pgx.ForEachRow(result, targets, func() error {
		list = append(list, d.choose(t, slices.Clone(values)))
		return nil
	})
	return list, err
}

// choose adds a row, unless it has already been chosen, and records the rows that it refers to.
func (d *dumper) choose(t *table, values []*string) *row {
	key := t.keyOf(values, t.key)
	if r := t.byKey[key]; r != nil {
		return r
	}
	r := &row{values: values}
	t.rows, t.byKey[key] = append(t.rows, r), r
	delete(t.pending, key)
	d.count++
	for _, ref := range t.refs {
		if !isSet(values, ref.columns) {
			continue
		}
		target := t.keyOf(values, ref.columns)
		if ref.target.byKey[target] == nil {
			ref.target.pending[target] = &row{values: pick(values, ref.columns)}
		}
	}
	return r
}

// keyOf joins values into a text that is unique to these values.
func (t *table) keyOf(values []*string, columns []int) string {
	var b strings.Builder
	for _, c := range columns {
		switch v := values[c]; {
		case v == nil:
		case strings.HasSuffix(t.columns[c].cast, "citext"):
			b.WriteString(strings.ToLower(*v)) // a reference may be written in another case
		default:
			b.WriteString(*v)
		}
		b.WriteByte(0) // not allowed in text of Postgres
	}
	return b.String()
}

func pick(values []*string, columns []int) []*string {
	picked := make([]*string, len(columns))
	for i, c := range columns {
		picked[i] = values[c]
	}
	return picked
}

// isSet reports whether no column is null. A foreign key with a null does not refer to a row (MATCH SIMPLE).
func isSet(values []*string, columns []int) bool {
	return !slices.ContainsFunc(columns, func(c int) bool { return values[c] == nil })
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
		keys := make([][]*string, len(batch))
		for i, r := range batch {
			keys[i] = pick(r.values, parent.key)
		}
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
func (t *table) firstOf(ref reference, keys [][]*string, limit int) (string, []any) {
	condition, args := t.holding(ref.columns, keys)
	parts := make([]string, len(ref.columns))
	for i, c := range ref.columns {
		parts[i] = t.qualified(c)
	}
	const nth = `"krowoc nth"`
	return fmt.Sprintf("SELECT %s FROM (SELECT %s.*, row_number() OVER (PARTITION BY %s ORDER BY %s) AS %s FROM %s WHERE %s) AS %s WHERE %s <= %d ORDER BY %s",
		t.selected(), t.quoted(), strings.Join(parts, ", "), t.orderedBy(), nth, t.quoted(), condition, t.quoted(), nth, limit, t.orderedBy()), args
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
		keys := make([][]*string, 0, len(batch))
		for _, key := range batch {
			if r := t.pending[key]; r != nil { // not chosen in the meantime
				keys = append(keys, r.values)
			}
		}
		condition, args := t.holding(t.key, keys)
		if _, err := d.fetch(ctx, t, fmt.Sprintf("SELECT %s FROM %s WHERE %s", t.selected(), t.quoted(), condition), args...); err != nil {
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
