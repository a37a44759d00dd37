package make

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/seed/ledger"
)

// rebuildRows is the number of rows from which it is faster to build indexes and check foreign keys after the rows are inserted.
const rebuildRows = 10_000

// part is an index or a foreign key that is dropped before the rows are inserted, and recreated afterwards.
type part struct{ drop, create, name string }

// partsQuery lists the parts of a table that can be dropped and recreated identically. It excludes the primary key, since other tables
// refer to it and rows are inserted in its order. It also excludes parts with a comment, a statistics target, a role in replication or
// clustering, or dependent objects.
const partsQuery = `
WITH t AS (SELECT to_regclass($1)::oid AS oid)
SELECT 'DROP INDEX ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), i.indexrelid::regclass::text, 1 AS first
FROM t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class h ON h.oid = t.oid
WHERE h.relkind = 'r' AND NOT i.indisprimary AND NOT i.indisunique AND i.indisvalid AND NOT i.indisclustered AND NOT i.indisreplident AND c.reltablespace = 0
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
  AND NOT EXISTS (SELECT FROM pg_inherits n WHERE n.inhrelid = i.indexrelid)
  AND NOT EXISTS (SELECT FROM pg_description d WHERE d.objoid = i.indexrelid AND d.classoid = 'pg_class'::regclass)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refobjid = i.indexrelid AND d.refclassid = 'pg_class'::regclass)
  AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND coalesce(a.attstattarget, -1) >= 0)
UNION ALL
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', t.oid::regclass, k.conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', t.oid::regclass, k.conname, pg_get_constraintdef(k.oid)), k.conname, 2
FROM t JOIN pg_constraint k ON k.conrelid = t.oid JOIN pg_class h ON h.oid = t.oid
WHERE h.relkind = 'r' AND k.contype = 'f' AND k.conparentid = 0 AND k.convalidated
  AND NOT EXISTS (SELECT FROM pg_description d WHERE d.objoid = k.oid AND d.classoid = 'pg_constraint'::regclass)
ORDER BY 4, 3`

// takeApart drops the indexes and foreign keys of a table, and returns them.
func (t *blueprint) takeApart(ctx context.Context, tx pgx.Tx) ([]part, error) {
	parts, err := t.parts(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if _, err := tx.Exec(ctx, p.drop); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func (t *blueprint) parts(ctx context.Context, tx pgx.Tx) ([]part, error) {
	rows, err := tx.Query(ctx, partsQuery, t.quoted())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(sample pgx.CollectableRow) (p part, err error) {
		var first int
		err = sample.Scan(&p.drop, &p.create, &p.name, &first)
		return p, err
	})
}

// putTogether recreates them, and checks that they are the same as before.
func (t *blueprint) putTogether(ctx context.Context, tx pgx.Tx, parts []part) error {
	for _, p := range parts {
		if _, err := tx.Exec(ctx, p.create); err != nil {
			return err
		}
	}
	again, err := t.parts(ctx, tx)
	if err != nil {
		return err
	}
	for i, p := range parts {
		if i >= len(again) || again[i] != p {
			return fault.New(fault.Internal, "", fmt.Sprintf("%s of %s could not be restored exactly, so nothing was changed", p.name, t.typ.Table))
		}
	}
	return nil
}

// owned reports whether the role may drop and recreate the parts of all tables.
func (p *Generation) owned(ctx context.Context, db pgx.Tx) (owned bool, err error) {
	list := make([]string, len(p.order))
	for i, t := range p.order {
		list[i] = t.quoted()
	}
	const query = `SELECT bool_and(pg_has_role(c.relowner, 'USAGE') AND has_schema_privilege(c.relnamespace, 'CREATE')
			AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f' AND NOT has_table_privilege(k.confrelid, 'REFERENCES')))
		FROM unnest($1::text[]) AS n (name) JOIN pg_class c ON c.oid = to_regclass(n.name)`
	return owned, db.QueryRow(ctx, query, list).Scan(&owned)
}

// renew truncates an empty table to which no other table refers. Postgres can then copy rows without writing the log, if wal_level is
// minimal, and with frozen rows (the FREEZE option of COPY).
func (t *blueprint) renew(ctx context.Context, tx pgx.Tx) (fresh bool, err error) {
	const query = `SELECT c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.confrelid = c.oid AND k.conrelid <> c.oid)
		AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgtype & 32 <> 0) FROM pg_class c WHERE c.oid = to_regclass($1)`
	var may, empty bool
	if err = tx.QueryRow(ctx, query, t.quoted()).Scan(&may); err != nil || !may {
		return false, err
	}
	// Lock the table, so that others cannot insert rows between the check and TRUNCATE. Do not wait for other writers.
	err = pg.InTx(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "LOCK TABLE "+t.quoted()+" IN ACCESS EXCLUSIVE MODE NOWAIT")
		return err
	})
	var busy *pgconn.PgError
	if errors.As(err, &busy) && busy.Code == "55P03" { // lock_not_available
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err = tx.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM "+t.quoted()+")").Scan(&empty); err != nil || !empty {
		return false, err
	}
	_, err = tx.Exec(ctx, "TRUNCATE "+t.quoted())
	return err == nil, err
}

// setSequences advances the sequences of columns with generated numbers, so that later rows of the application do not collide with them.
func (t *blueprint) setSequences(ctx context.Context, tx pgx.Tx) error {
	for _, at := range t.written() {
		c := t.slots[at]
		if c.sequence == "" {
			continue
		}
		if _, err := tx.Exec(ctx, ledger.AdvanceSequence(c.sequence, c.name, t.typ.Table)); err != nil {
			return err
		}
	}
	return nil
}
