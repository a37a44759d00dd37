package ddl

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

const testOp = "test the migration on a scratch database"

// run executes a step on the scratch database. If Postgres refuses a statement, the error contains a refusal.
func (d *differ) run(ctx context.Context, s step, noTransaction bool) error {
	if d.careful && d.suspect == nil && len(s.down) > 0 && !s.oneWay {
		if err := d.runThereAndBack(ctx, s, noTransaction); err != nil {
			return err
		}
	}
	return d.runStep(ctx, s, noTransaction)
}

// runStep executes the statements of a step. Of a step with a transaction, nothing stays if one fails.
func (d *differ) runStep(ctx context.Context, s step, noTransaction bool) error {
	var sql string
	var err error
	if noTransaction || len(s.up) == 1 {
		sql, err = execEach(ctx, d.db, s.up)
	} else {
		err = pgx.BeginFunc(ctx, d.db, func(tx pgx.Tx) (err error) {
			sql, err = execEach(ctx, tx, s.up)
			return err
		})
	}
	if err == nil {
		d.done = append(d.done, s)
		return nil
	}
	if noTransaction {
		d.failed = &s
	}
	if isRefusal(err) {
		err = newRefusal(s, sql, err)
	}
	return testFault(sql, err)
}

// newRefusal notes which objects of a step a refused statement is about.
func newRefusal(s step, sql string, err error) *refusal {
	r := &refusal{Refused: &Refused{sql, err}, of: s.of, renames: s.renames, hint: refusalHint(err)}
	if user := userOfRemoved(s, sql, err); user != "" {
		r.reason = "the " + user + " contains a value that the enum loses: " + pg.Fault("", err).Error()
		r.hint = "change it in a migration first, with `krowoc migrate create NAME`"
	}
	if len(r.of) > 1 && r.of[0].kind == "column" && s.table == r.of[0].table {
		r.columns = s.table
	}
	return r
}

func testFault(sql string, err error) error {
	if !isRefusal(err) {
		return pg.Fault(testOp, err)
	}
	return &fault.Error{Code: fault.Conflict, Op: testOp, Message: pg.Fault("", err).Error() + "\n" + sql, Hint: refusalHint(err), Err: err}
}

// execute executes statements on the scratch database and returns its resulting catalog.
func (d *differ) execute(ctx context.Context, statements []string) (*catalog.Catalog, error) {
	if sql, err := execEach(ctx, d.db, statements); err != nil {
		return nil, testFault(sql, err)
	}
	return d.read(ctx)
}

// undo rolls back what the scratch database has of the plan. It returns an error unless the database is as before.
func (d *differ) undo(ctx context.Context, before *catalog.Catalog) error {
	if d.failed != nil {
		for _, sql := range d.failed.down {
			_, _ = d.db.Exec(ctx, sql) // the step may have failed before
		}
	}
	for _, s := range slices.Backward(d.done) {
		if _, err := execEach(ctx, d.db, s.down); err != nil {
			return err
		}
	}
	after, err := d.read(ctx)
	if err != nil {
		return err
	}
	if d.failed != nil {
		if after, err = d.execute(ctx, remains(before, after)); err != nil {
			return err
		}
	}
	if left := catalog.Compare(before.ColumnsByName(), after.ColumnsByName()); len(left) > 0 {
		return fault.New(fault.Conflict, testOp, "rolling back does not restore the original schema: "+left[0].String())
	}
	return nil
}

// remains returns the statements that drop what the statements of a step without a transaction have left in the tables of before: a
// constraint that is not validated, or an index that was not built.
func remains(before, after *catalog.Catalog) (statements []string) {
	for i := range before.Tables {
		old := &before.Tables[i]
		now := after.Table(old.Schema, old.Name)
		if now == nil {
			continue
		}
		for k := range now.Constraints {
			if c := &now.Constraints[k]; constraintOf(old, c.Name) == nil {
				statements = append(statements, alter(tableName(old), dropConstraint(c)))
			}
		}
		for _, x := range indexesOf(after, now) {
			if byName(indexesOf(before, old), x.Name) == nil {
				statements = append(statements, "DROP INDEX "+name(x.Schema, x.Name))
			}
		}
		for _, x := range indexesOf(before, old) {
			if byName(indexesOf(after, now), x.Name) == nil {
				statements = append(statements, plainIndex(x))
			}
		}
	}
	return statements
}
