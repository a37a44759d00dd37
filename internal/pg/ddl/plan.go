package ddl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/schema"
)

// PlanOptions configure a plan.
type PlanOptions struct {
	Options
	Exclude []string // tables to ignore
	// AskRename asks whether a missing column or enum value was renamed to a new one; nil means no.
	AskRename func(Rename) (bool, error)
	// Reader reads the database, without the tables in Exclude. A caller that has read the database already passes its own.
	Reader *catalog.Reader
}

// Plan returns the migrations that change a database into the target. It tests them on the database, up and down.
func (t *Target) Plan(ctx context.Context, db *pgxpool.Pool, o PlanOptions) (Plan, error) {
	o.written, o.types = t.written, t.schema
	if o.Reader == nil {
		// A table to ignore that the schema declares is not ignored, or the plan would create it again.
		exclude := slices.DeleteFunc(slices.Clone(o.Exclude), func(name string) bool { return t.catalog.Table(public, name) != nil })
		o.Reader = catalog.NewReader(db, catalog.Options{Exclude: exclude})
	}
	d := &differ{db: db, want: t.catalog, types: t.schema, options: o}
	return d.diff(ctx)
}

// differ creates a plan.
type differ struct {
	db      *pgxpool.Pool
	want    *catalog.Catalog
	types   *schema.Schema
	options PlanOptions
	asked   []Rename // the renames that the user was asked about
}

// read reads the database without the tables to ignore.
func (d *differ) read(ctx context.Context) (*catalog.Catalog, error) {
	return d.options.Reader.Read(ctx)
}

func (d *differ) diff(ctx context.Context) (Plan, error) {
	before, err := d.read(ctx)
	if err != nil {
		return Plan{}, err
	}
	first, cur := d.prepare(before), before
	if len(first.Up) > 0 {
		if cur, err = d.execute(ctx, first.Up); err != nil {
			return Plan{}, err
		}
	}
	for {
		renamed, err := d.ask(ctx, cur, &first)
		if err != nil {
			return Plan{}, err
		}
		if !renamed {
			break
		}
		if cur, err = d.read(ctx); err != nil {
			return Plan{}, err
		}
	}
	if d.options.AllowDrop {
		for _, s := range rebuilds(cur, d.want, d.options.Options) {
			first.Up, first.Down = append(first.Up, s.up...), slices.Concat(s.down, first.Down)
			if cur, err = d.execute(ctx, s.up); err != nil {
				return Plan{}, err
			}
		}
	}
	plan := Diff(cur, d.want, d.options.Options)
	applied := plan.Files
	plan.Files = joined(first, plan.Files)
	return plan, d.prove(ctx, before, applied, plan)
}

// prepare returns the statements that must run first: they create the function for IDs and the extensions, and rename objects.
func (d *differ) prepare(cur *catalog.Catalog) File {
	var f File
	add := func(up, down string) { f.Up, f.Down = append(f.Up, up), append([]string{down}, f.Down...) }
	has := func(kind, name string) bool {
		return slices.ContainsFunc(cur.Others, func(o catalog.Other) bool { return o.Kind == kind && strings.HasPrefix(o.Name, name) })
	}
	for _, name := range Extensions(d.types) {
		if !has("extension", name) {
			add("CREATE EXTENSION "+name, "DROP EXTENSION "+name)
		}
	}
	if !has("function", "public."+UUIDFunction+"(") && d.usesUUIDs() {
		add(CreateUUIDFunction, "DROP FUNCTION "+UUIDFunction+"()")
	}
	list, former := renames(cur, d.types)
	for _, r := range list {
		add(r.up, r.down)
	}
	d.options.former = former
	return f
}

func (d *differ) usesUUIDs() bool {
	for _, t := range d.want.Tables {
		for _, c := range t.Columns {
			if strings.Contains(c.Default, UUIDFunction+"()") {
				return true
			}
		}
	}
	return false
}

// refusalHint tells what to do about a change that Postgres refuses.
func refusalHint(err error) string {
	const byHand = "write the migration by hand with `krowoc migrate create NAME`"
	if refused := new(pgconn.PgError); errors.As(err, &refused) && refused.Code == "2BP01" { // dependent_objects_still_exist
		return "an object that is not in the schema depends on what changes: " + byHand
	}
	return "Postgres has no direct way to make this change: " + byHand + ", or take the change out of the schema to get the rest"
}

// execute executes statements on the scratch database and returns its resulting catalog.
func (d *differ) execute(ctx context.Context, statements []string) (*catalog.Catalog, error) {
	for _, sql := range statements {
		if _, err := d.db.Exec(ctx, sql); err != nil {
			return nil, &fault.Error{Code: fault.Conflict, Op: "test the migration on a scratch database", Message: pg.Fault("", err).Error() + "\n" + sql,
				Hint: refusalHint(err), Err: err}
		}
	}
	return d.read(ctx)
}

// joined adds the statements of first before those of the files.
func joined(first File, files []File) []File {
	switch {
	case len(first.Up) == 0:
		return files
	case len(files) == 0 || files[0].NoTransaction || files[0].Suffix == "values":
		return append([]File{first}, files...)
	}
	f := files[0]
	f.Up, f.Down = slices.Concat(first.Up, f.Up), slices.Concat(f.Down, first.Down)
	return append([]File{f}, files[1:]...)
}

// prove runs the plan on the scratch database, where prepare has run already, and rolls it back.
func (d *differ) prove(ctx context.Context, before *catalog.Catalog, applied []File, plan Plan) error {
	const op = "test the migration on a scratch database"
	if len(plan.Files) == 0 {
		return nil
	}
	var up []string
	for _, f := range applied {
		up = append(up, f.Up...)
	}
	after, err := d.execute(ctx, up)
	if err != nil {
		return err
	}
	if again := Diff(after, d.want, d.options.Options); len(again.Files) > 0 {
		return fault.New(fault.Internal, op, fmt.Sprintf("the result does not match the schema; these statements are still missing: %s", strings.Join(again.Files[0].Up, "; ")),
			"this is a bug in Krowoc: report it, and write the migration by hand")
	}
	var down []string
	for _, f := range slices.Backward(plan.Files) {
		down = append(down, f.Down...)
	}
	if after, err = d.execute(ctx, down); err != nil {
		return err
	}
	if left := catalog.Compare(before.ColumnsByName(), after.ColumnsByName()); len(left) > 0 {
		return fault.New(fault.Conflict, op, "rolling back does not restore the original schema: "+left[0].String(),
			"an object that is not in the schema depends on it: write the migration by hand with `krowoc migrate create NAME`")
	}
	return nil
}
