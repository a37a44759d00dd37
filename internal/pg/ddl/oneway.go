package ddl

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// refusedRollbacks tests the rollback of each enum that gets values, and returns what Postgres refuses of it, for example because of a view over the
// enum. A plan with the option Plain has no file in which a comment could report that.
func (d *differ) refusedRollbacks(ctx context.Context, plan Plan) (map[object]Refused, error) {
	oneWay := map[object]Refused{}
	for _, f := range plan.Files {
		if f.Suffix != "values" || d.options.Plain {
			continue
		}
		for _, s := range f.steps {
			refused, err := d.tryRollback(ctx, s)
			if err != nil {
				return nil, err
			}
			if refused != nil {
				oneWay[s.of[0]] = *refused
			}
		}
	}
	return oneWay, nil
}

// tryRollback executes a step and its rollback in a transaction that it rolls back.
func (d *differ) tryRollback(ctx context.Context, s step) (refused *Refused, err error) {
	tx, err := d.db.Begin(ctx)
	if err != nil {
		return nil, pg.Fault(testOp, err)
	}
	defer func() {
		if failed := tx.Rollback(ctx); !errors.Is(failed, pgx.ErrTxClosed) {
			err = errors.Join(err, pg.Fault(testOp, failed))
		}
	}()
	if sql, err := execEach(ctx, tx, s.up); err != nil {
		if isRefusal(err) { // prove reports it
			return nil, nil
		}
		return nil, testFault(sql, err)
	}
	sql, err := execEach(ctx, tx, s.down)
	switch {
	case err == nil:
		return nil, nil
	case isRefusal(err):
		return &Refused{sql, err}, nil
	}
	return nil, testFault(sql, err)
}

// noRollback is the comment in the place of a rollback that Postgres refuses.
func noRollback(e *catalog.Enum, down []string, r Refused) string {
	var b strings.Builder
	line := func(text string) { b.WriteString("-- " + strings.ReplaceAll(text, "\n", "\n-- ") + "\n") }
	line("Irreversible: the enum " + name(e.Schema, e.Name) + " keeps its new values. To remove them, it must be created again, and Postgres refuses")
	line("  " + strings.ReplaceAll(r.Statement, "\n", "\n  "))
	line("because " + pg.Fault("", r.Err).Error())
	line("To write a rollback: drop that object, run these statements, and create the object again.")
	line("  " + strings.ReplaceAll(strings.Join(down, ";\n")+";", "\n", "\n  "))
	return strings.TrimSuffix(b.String(), "\n")
}

// withoutNew returns a catalog whose enums have the values that they have in another one, for a plan that cannot take new ones away.
func withoutNew(c, before *catalog.Catalog) *catalog.Catalog {
	own := *c
	own.Enums = append([]catalog.Enum{}, c.Enums...)
	for i := range own.Enums {
		e := &own.Enums[i]
		if old := enumOf(before, e.Schema, e.Name); old != nil && gains(old, e) {
			e.Values = old.Values
		}
	}
	return &own
}
