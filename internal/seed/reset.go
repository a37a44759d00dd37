package seed

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// ResetMode determines which tables may be emptied before a load.
type ResetMode string

// The modes.
const (
	ResetLoaded ResetMode = "loaded" // only tables with no other rows than those that seeds have loaded
	ResetAll    ResetMode = "all"    // all tables, including tables that refer to them
)

// emptied is a table to empty.
type emptied struct {
	name string // in the schema
	sql  string // qualified with the Postgres schema, if necessary
	ledger.Counts
}

// reset empties the tables of the sets and of generated rows.
func (o *Options) reset(ctx context.Context, tx pgx.Tx, f *fixtures) ([]TableSummary, error) {
	if o.Reset != ResetLoaded && o.Reset != ResetAll {
		return nil, fault.New(fault.Invalid, op, fmt.Sprintf("unknown reset %q", o.Reset), "Use loaded or all.")
	}
	tables, err := o.resettable(ctx, tx, f)
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.sql
	}
	// Wait for other writers, so that nothing is inserted between the check and TRUNCATE.
	if _, err := tx.Exec(ctx, "LOCK TABLE "+strings.Join(names, ", ")+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		return nil, err
	}
	if err := o.countRows(ctx, tx, f, tables); err != nil {
		return nil, err
	}
	for _, t := range tables {
		if o.Reset == ResetLoaded && t.Others != t.Generated {
			return nil, fault.New(fault.Conflict, "empty the tables", t.strangers(),
				"Use --reset=all to empty it anyway, with the tables that refer to it. Nothing was changed.")
		}
	}
	if _, err := tx.Exec(ctx, "TRUNCATE "+strings.Join(names, ", ")+" RESTART IDENTITY"); err != nil {
		return nil, err
	}
	return forget(ctx, tx, f.sets, tables)
}

// strangers returns why a table must not be emptied. Of generated rows, only the number is known.
func (t *emptied) strangers() string {
	if t.Generated == 0 {
		return fmt.Sprintf("%s has %d rows, but seeds loaded only %d", t.name, t.All, t.All-t.Others)
	}
	return fmt.Sprintf("%s has %d rows besides fixtures, but seeds generated only %d", t.name, t.Others, t.Generated)
}

// resettable returns the tables of this load, those that earlier loads of the sets have filled, and those that refer to them. The latter
// must be empty unless the mode is ResetAll.
func (o *Options) resettable(ctx context.Context, tx pgx.Tx, f *fixtures) ([]*emptied, error) {
	var names []string
	for _, r := range f.rows {
		if !slices.Contains(names, r.table.Table) {
			names = append(names, r.table.Table)
		}
	}
	if f.generation != nil {
		names = append(names, f.generation.Tables()...)
	}
	before, err := ledger.Tables(ctx, tx, f.sets)
	if err != nil {
		return nil, err
	}
	names = append(names, before...)
	// TRUNCATE must also name all tables that refer to the tables that it empties.
	const query = `WITH RECURSIVE t AS (
			SELECT to_regclass(quote_ident(n))::oid AS oid FROM unnest($1::text[]) AS n
			UNION SELECT k.conrelid FROM t JOIN pg_constraint k ON k.contype = 'f' AND k.confrelid = t.oid AND k.conparentid = 0)
		SELECT CASE WHEN to_regclass(quote_ident(c.relname)) = c.oid THEN c.relname ELSE c.oid::regclass::text END, c.oid::regclass::text
		FROM t JOIN pg_class c ON c.oid = t.oid ORDER BY 1`
	rows, err := tx.Query(ctx, query, names)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*emptied, error) {
		t := &emptied{}
		return t, row.Scan(&t.name, &t.sql)
	})
}

// countRows counts the rows of each table, and how many of them seeds have loaded.
func (o *Options) countRows(ctx context.Context, tx pgx.Tx, f *fixtures, tables []*emptied) error {
	var known []*table
	for _, t := range tables {
		if own := f.tables.byName[t.name]; own != nil {
			known = append(known, own)
		}
	}
	if err := describeTables(ctx, tx, known); err != nil {
		return err
	}
	for _, t := range tables {
		key := ""
		if own := f.tables.byName[t.name]; own != nil {
			key = own.keyExpr(own.keys[0])
		}
		var err error
		if t.Counts, err = ledger.Count(ctx, tx, t.name, t.sql, key); err != nil {
			return err
		}
	}
	return nil
}

// forget removes the emptied tables from the ledger, and returns those that had rows.
func forget(ctx context.Context, tx pgx.Tx, sets []string, tables []*emptied) (gone []TableSummary, err error) {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.name
		if t.All > 0 {
			gone = append(gone, TableSummary{Table: t.name, Deleted: int(t.All)})
		}
	}
	return gone, ledger.Forget(ctx, tx, sets, names)
}
