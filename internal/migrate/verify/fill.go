package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// fill inserts rows into empty tables, with values that fit their types, references, enums and unique keys. If a constraint
// rejects a row, fill tries other values; a table that accepts no row stays empty. Tables that reference a table that is still
// empty are filled on a later pass, so the order of tables does not matter.
func (v *verifier) fill(ctx context.Context, c *catalog.Catalog) error {
	pending, err := v.emptyTables(ctx, c)
	empty := map[string]bool{}
	for _, t := range pending {
		empty[quoted(t)] = true
	}
	others := fmt.Sprint(c.Enums, c.Others)
	for err == nil && len(pending) > 0 {
		var left []*catalog.Table
		for _, t := range pending {
			filled, err := v.tryTable(ctx, c, t, empty, others)
			if err != nil {
				return err
			}
			if filled {
				delete(empty, quoted(t))
			} else {
				left = append(left, t)
			}
		}
		if len(left) == len(pending) {
			return nil
		}
		pending = left
	}
	return err
}

// tryTable fills a table, unless that cannot work: it needs a row of an empty table, or has refused all rows and nothing has changed since.
// Otherwise each migration would try all values again for each such table. It reports whether the table accepted a row.
func (v *verifier) tryTable(ctx context.Context, c *catalog.Catalog, t *catalog.Table, empty map[string]bool, others string) (bool, error) {
	state := sha256.New()
	fmt.Fprint(state, *t, others)
	for i := range t.Constraints {
		k := &t.Constraints[i]
		if k.Kind != "foreign key" {
			continue
		}
		schema, name := k.Target()
		target := pg.QuoteIdent(schema) + "." + pg.QuoteIdent(name)
		fmt.Fprint(state, empty[target])
		if empty[target] && target != quoted(t) && !slices.ContainsFunc(k.Columns, func(column string) bool { return !t.Column(column).NotNull }) {
			return false, nil
		}
	}
	for _, i := range c.Indexes {
		if i.Schema == t.Schema && i.Table == t.Name {
			fmt.Fprint(state, i)
		}
	}
	sum := [sha256.Size]byte(state.Sum(nil))
	if v.refused[quoted(t)] == sum {
		return false, nil
	}
	filled, err := v.fillTable(ctx, c, t)
	if err == nil && !filled {
		v.refused[quoted(t)] = sum
	}
	return filled, err
}

// emptyTables lists the empty tables. A partition is filled through its parent.
func (v *verifier) emptyTables(ctx context.Context, c *catalog.Catalog) (list []*catalog.Table, err error) {
	batch := &pgx.Batch{}
	for i := range c.Tables {
		t := &c.Tables[i]
		if t.Kind == "foreign table" || t.Bound != "" {
			continue
		}
		batch.Queue("SELECT EXISTS (SELECT FROM " + quoted(t) + ")").QueryRow(func(row pgx.Row) error {
			var has bool
			err := row.Scan(&has)
			if !has {
				list = append(list, t)
			}
			return err
		})
	}
	return list, pg.Fault("look for empty tables", v.db.SendBatch(ctx, batch).Close())
}

// attempts is the number of times that an insert is tried.
const attempts = 24

// fillTable reports whether the table accepted a row.
func (v *verifier) fillTable(ctx context.Context, c *catalog.Catalog, t *catalog.Table) (has bool, err error) {
	op := "fill " + quoted(t)
	tx, err := v.db.Begin(ctx) // for the evaluation of values; the rows are inserted outside
	if err != nil {
		return false, pg.Fault(op, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	s, err := v.newSolver(ctx, tx, c, t)
	if err != nil {
		return false, pg.Fault(op, err)
	}
	for n := range v.Rows {
		inserted, err := v.fillRow(ctx, s, n)
		if err != nil {
			return has, pg.Fault(op, err)
		}
		has = has || inserted
	}
	return has, nil
}

// fillRow inserts the nth row. If a constraint rejects it, the next attempt has other values in the columns of the constraint.
func (v *verifier) fillRow(ctx context.Context, s *solver, n int) (bool, error) {
	row := s.first(n)
	for range attempts {
		var err error
		if row, err = s.solve(ctx, row); err != nil {
			return false, err
		}
		_, err = v.db.Exec(ctx, s.insertSQL(row))
		var server *pgconn.PgError
		switch {
		case err == nil:
			s.inserted = append(s.inserted, row)
			return true, s.refresh(ctx)
		case !errors.As(err, &server):
			return false, err
		}
		row = s.vary(row, blamed(s.t, server))
	}
	return false, nil
}

// blamed returns the columns of the constraint that rejected a row, or all columns if they are unknown.
func blamed(t *catalog.Table, server *pgconn.PgError) (columns []string) {
	for _, k := range t.Constraints {
		if k.Name == server.ConstraintName && len(k.Columns) > 0 {
			return k.Columns
		}
	}
	for _, column := range t.Columns {
		columns = append(columns, column.Name)
	}
	return columns
}

var foreignKey = regexp.MustCompile(`^FOREIGN KEY \(.+?\) REFERENCES \S+?\((.+?)\)`)
