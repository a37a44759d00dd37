package make

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

const opLoad = "load the generated rows"

// Options say where rows go.
type Options struct {
	Pool   *pgxpool.Pool
	Seed   uint64
	Named  func(blueprint string) map[string]map[string]string // the keys of the rows of fixtures that have names, by column
	Report func(Progress)                                      // from any goroutine; may be nil
	DryRun bool                                                // says what would be made
}

// Progress is how far a run has come.
type Progress struct {
	Table       string // that is at work
	Stage       Stage
	Rows, Total int64 // of all tables
}

// Stage is a step in the loading of a table.
type Stage string

// The steps of a table.
const (
	Rows    Stage = "rows"
	Indexes Stage = "indexes" // and foreign keys
)

// Made is how many rows a table got.
type Made struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"` // made in this run
	Kept  int64  `json:"kept"` // made in an earlier one
}

// Run makes the rows. Where the tables had fewer rows than they get, all goes in in one transaction: indexes and foreign keys come after
// the rows, and after any error everything is as it was. Else rows go in batches, each in a transaction of its own, and a run that was
// cut short goes on where it was.
func (p *Generation) Run(ctx context.Context, o Options) ([]Made, error) {
	l := &loader{Options: o, Generation: p}
	if len(p.order) == 0 {
		return nil, nil
	}
	err := l.inTx(ctx, func(tx pgx.Tx) error { return l.run(ctx, tx) })
	if err != nil && ctx.Err() != nil && fault.HintOf(err) == "" {
		return nil, fault.Wrap(opLoad, ctx.Err())
	}
	if err != nil {
		return nil, pg.Fault(opLoad, err)
	}
	made := p.made()
	for i, t := range p.order {
		made[i].Rows = t.came
	}
	return made, nil
}

// Preview says what Run would make in the database as tx sees it.
func (p *Generation) Preview(ctx context.Context, tx pgx.Tx, o Options) ([]Made, error) {
	l := &loader{Options: o, Generation: p}
	if err := l.ready(ctx, tx); err != nil {
		return nil, pg.Fault(opLoad, err)
	}
	return p.made(), nil
}

func (p *Generation) made() []Made {
	made := make([]Made, len(p.order))
	for i, t := range p.order {
		made[i] = Made{t.typ.Table, t.count - min(t.done, t.count), min(t.done, t.count)}
	}
	return made
}

// Tables are the names of the tables that rows are made for.
func (p *Generation) Tables() []string {
	names := make([]string, len(p.order))
	for i, t := range p.order {
		names[i] = t.typ.Table
	}
	return names
}
