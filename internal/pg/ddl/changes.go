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
	for _, s := range d.notes().First {
		steps = append(steps, step{up: s.Up, down: s.Down})
	}
	return steps
}

// noted adds to a plan the triggers of tables that are live, which come last. Each table has a file, as a trigger waits for those who write the table
// and blocks others meanwhile.
func (d *differ) noted(plan *Plan) {
	for _, s := range d.notes().Last {
		last := len(plan.Files) - 1
		if d.options.Plain && last >= 0 && plan.Files[last].Suffix == "changes" {
			plan.Files[last].add(step{up: s.Up, down: s.Down})
			continue
		}
		f := File{Up: s.Up, Down: s.Down}
		switch {
		case d.options.Plain:
			f.Suffix = "changes"
		case last >= 0:
			f.Suffix = "changes_" + s.Table
		}
		plan.Files = append(plan.Files, f)
	}
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
