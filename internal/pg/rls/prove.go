package rls

import (
	"context"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
)

// prove runs a plan up, down and up again, and compares the database.
func (p *planner) prove(ctx context.Context, plan *Plan) error {
	var seen []*catalog.Catalog
	for _, run := range []func() error{
		func() error { return nil },
		func() error { return p.exec(ctx, plan.Up) },
		func() error { return p.back(ctx, plan) },
		func() error { return p.exec(ctx, plan.Up) },
	} {
		if err := run(); err != nil {
			return err
		}
		c, err := catalog.ReadTx(ctx, p.tx, catalog.Options{})
		if err != nil {
			return err
		}
		seen = append(seen, c)
	}
	for i := range 2 {
		if list := catalog.Compare(seen[i], seen[i+2]); len(list) > 0 {
			return fault.New(fault.Internal, op, "running the migration up, down and up gives another database: "+list[0].String())
		}
	}
	return nil
}

// unchecked lets the way back create a function over tables, columns and values that have another name now.
const unchecked = "-- Some functions use names from before a rename, which is rolled back after this.\nSET LOCAL check_function_bodies = off"

// back runs the way back.
func (p *planner) back(ctx context.Context, plan *Plan) error {
	if _, err := p.tx.Exec(ctx, "SAVEPOINT krowoc_back"); err != nil {
		return pg.Fault(op, err)
	}
	if p.exec(ctx, plan.Down) == nil {
		return nil
	}
	if _, err := p.tx.Exec(ctx, "ROLLBACK TO SAVEPOINT krowoc_back"); err != nil {
		return pg.Fault(op, err)
	}
	plan.Down = slices.Concat([]string{unchecked}, plan.Down)
	return p.exec(ctx, plan.Down)
}
