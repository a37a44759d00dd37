package dump

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
)

// byKeys makes Postgres find the chosen rows in the index of their key. It cannot know that nearly all rows of a table are read in many
// small parts, and would read the whole table for each of them.
const byKeys = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"

// keptBytes is the size of the values from which the rows of a batch are checked.
const keptBytes = 4 << 20

// eachRow reads the chosen rows of a table in their order, masks them, and calls write with each one. It keeps the rows of a batch only if
// Postgres has to check their masks, which is not possible while it sends rows.
func (d *dumper) eachRow(ctx context.Context, t *table, write func(*row, values) error) error {
	conditions, err := d.conditions(t)
	if err != nil {
		return err
	}
	b := batch{dumper: d, table: t, write: write, keeps: len(conditions) > 0}
	for size := batchRows; len(t.rows) > b.done; {
		if b.keeps && b.done == 0 {
			size = 64 // until the size of a row is known
		}
		before, masked := b.done, t.masked
		if err := b.read(ctx, t.rows[before:min(before+size, len(t.rows))]); err != nil {
			return err
		}
		if t.masked > masked {
			if err := d.hold(ctx, t, conditions, b.kept); err != nil {
				return err
			}
		}
		if size = min(2*size, batchRows); b.bytes > keptBytes {
			size = b.done - before
		}
	}
	return nil
}

// batch reads rows of a table in batches.
type batch struct {
	*dumper
	table *table
	write func(*row, values) error
	keeps bool     // the rows
	kept  []values // of the last batch
	bytes int      // their size
	done  int      // number of rows that are written, in all batches
}

// read reads and writes the first of some rows: all of them, or those that fit into keptBytes.
func (b *batch) read(ctx context.Context, rows []*row) error {
	t := b.table
	b.kept, b.bytes = b.kept[:0], 0
	result, err := b.tx.Query(ctx, t.inOrder(), append([]any{pgx.QueryExecModeExec}, arraysOf(keysOf(rows), len(t.key))...)...)
	if err != nil {
		return err
	}
	defer result.Close()
	at, n := 0, int64(0)
	v := make(values, len(t.columns))
	targets := append([]any{&n}, v.targets()...)
	for b.bytes <= keptBytes && result.Next() {
		if err := result.Scan(targets...); err != nil {
			return err
		}
		if int(n) == at {
			continue // another row with the same key, which the table allows but the schema does not
		}
		if at++; int(n) != at {
			break
		}
		if err := b.row(rows[at-1], v); err != nil {
			return err
		}
	}
	stopped := b.bytes > keptBytes
	if result.Close(); result.Err() != nil {
		return result.Err()
	}
	if at < len(rows) && !stopped {
		return fault.New(fault.Internal, op, "a row of "+t.Table+" is not found by its key, "+strings.Join(t.keyNames(), " and "))
	}
	return nil
}

func (b *batch) row(r *row, v values) error {
	t := b.table
	for c := range v {
		if v[c] == nil || t.columns[c].masks == nil {
			continue
		}
		text, err := t.columns[c].mask(*v[c])
		if err != nil {
			return err
		}
		v[c] = &text
		t.masked++
	}
	b.clean(t, v)
	b.done++
	if b.keeps {
		b.kept = append(b.kept, append(values(nil), v...))
		for _, text := range v {
			if text != nil {
				b.bytes += len(*text)
			}
		}
	}
	return b.write(r, v)
}

func (t *table) keyNames() []string {
	names := make([]string, len(t.key))
	for i, c := range t.key {
		names[i] = t.columns[c].name
	}
	return names
}

// inOrder returns the query for the rows with given keys, in the order of the keys. Each row has the number of its key, from 1.
func (t *table) inOrder() string {
	var arrays, names, same []string
	for i, c := range t.key {
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", i+1))
		names = append(names, fmt.Sprintf("v%d", i))
		same = append(same, fmt.Sprintf(`%s = "krowoc keys".v%d::%s`, t.qualified(c), i, t.columns[c].cast))
	}
	return fmt.Sprintf(`SELECT "krowoc keys".n, %s FROM (SELECT * FROM unnest(%s) WITH ORDINALITY AS v (%s, n) ORDER BY n) AS "krowoc keys" JOIN %s ON %s ORDER BY "krowoc keys".n`,
		t.selected(t.whole), strings.Join(arrays, ", "), strings.Join(names, ", "), t.quoted(), strings.Join(same, " AND "))
}
