package ddl

import (
	"context"
	"slices"

	"github.com/krowoc/krowoc/internal/pg/changes"
)

// The catalogs of plans leave triggers out, so those of types with @live are compared on their own.

// unnoted returns the steps that drop the triggers of tables that are no longer live. They come first: a rollback creates the triggers of a dropped
// table again when the table is back.
func (d *differ) unnoted() (steps []step) {
	p := d.notes()
	if len(p.First) > 0 {
		steps = append(steps, step{up: p.First, down: p.UndoFirst})
	}
	return steps
}

// noted adds to a plan the triggers of tables that are live, which come last.
func (d *differ) noted(plan *Plan) {
	p := d.notes()
	if len(p.Last) == 0 {
		return
	}
	last := File{Up: p.Last, Down: p.UndoLast}
	if len(plan.Files) > 0 {
		last.Suffix = "changes"
	}
	plan.Files = append(plan.Files, last)
}

// notes compares the triggers of the database with those that the schema needs, without tables that are left out.
func (d *differ) notes() changes.Plan {
	want := slices.DeleteFunc(changes.Tables(d.types), func(t changes.Table) bool { return d.want.Table(public, t.Name) == nil })
	return changes.Make(d.live, want, func(table string) string { return d.options.former[table] })
}

// readLive reads which tables of the database are live.
func (d *differ) readLive(ctx context.Context) (err error) {
	d.live, err = changes.Read(ctx, d.db)
	return err
}
