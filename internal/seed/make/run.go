package make

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
)

const opLoad = "load the generated rows"

// Options specify the destination of the rows.
type Options struct {
	Pool   *pgxpool.Pool
	Seed   uint64
	Named  func(blueprint string) map[string]map[string]string // the keys of named fixture rows, by column
	Report func(Progress)                                      // called from any goroutine; may be nil
	DryRun bool                                                // only report what would be generated
}

// Progress is the progress of a run.
type Progress struct {
	Table       string // that is being loaded
	Stage       Stage
	Rows, Total int64 // of all tables
}

// Stage is a step in the loading of a table.
type Stage string

// The stages of a table.
const (
	Rows    Stage = "rows"
	Indexes Stage = "indexes" // and foreign keys
)

// Made is the number of generated rows of a table.
type Made struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"` // generated in this run
	Kept  int64  `json:"kept"` // generated in an earlier run
}

// Run generates and loads the rows. If each table has fewer rows than it gets, the load is one transaction: indexes and foreign keys are
// created after the rows, and an error undoes everything. Otherwise the rows are loaded in batches, one transaction each, and an interrupted
// run continues where it stopped.
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

// Preview returns what Run would generate in the database as tx sees it.
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

// Tables returns the names of the tables that get generated rows.
func (p *Generation) Tables() []string {
	names := make([]string, len(p.order))
	for i, t := range p.order {
		names[i] = t.typ.Table
	}
	return names
}
