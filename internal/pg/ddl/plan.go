package ddl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/fault"
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

// Plan returns the migrations that change a database into the target. It tests them on the database, up and down. A plan for a partial
// target leaves out what Postgres refuses.
func (t *Target) Plan(ctx context.Context, db *pgxpool.Pool, o PlanOptions) (Plan, error) {
	o.types = t.schema
	if o.Reader == nil {
		// A table to ignore that the schema declares is not ignored, or the plan would create it again.
		exclude := slices.DeleteFunc(slices.Clone(o.Exclude), func(name string) bool { return t.catalog.Table(public, name) != nil })
		o.Reader = catalog.NewReader(db, catalog.Options{Exclude: exclude})
	}
	d := &differ{db: db, target: t, types: t.schema, options: o, answers: map[Rename]bool{}, refused: slices.Clone(t.refused)}
	return d.diff(ctx)
}

// differ creates a plan.
type differ struct {
	db      *pgxpool.Pool
	target  *Target
	want    *catalog.Catalog // of the target, without what is left out
	types   *schema.Schema
	options PlanOptions
	answers map[Rename]bool // to the questions about renames

	refused []refusal // what is left out, and why
	done    []step    // what the scratch database has of the plan
	failed  *step     // of which some statements may have run
}

// read reads the database without the tables to ignore.
func (d *differ) read(ctx context.Context) (*catalog.Catalog, error) {
	return d.options.Reader.Read(ctx)
}

// diff plans again without the objects that Postgres refuses to change, until it refuses nothing.
func (d *differ) diff(ctx context.Context) (Plan, error) {
	before, err := d.read(ctx)
	if err != nil {
		return Plan{}, err
	}
	var suspect *refusal // which of its columns is to blame is being found out
	for {
		d.options.apart = nil
		if suspect != nil {
			d.options.apart = map[string]bool{suspect.columns: true}
		}
		d.done, d.failed = nil, nil
		plan, err := d.attempt(ctx, before)
		refused := new(refusal)
		switch {
		case err == nil && suspect == nil:
			return plan, nil
		case err == nil:
			d.refused, suspect = append(d.refused, *suspect), nil // no column alone
			continue
		case !errors.As(err, &refused) || !d.target.partial || !d.mayLeave(refused) || d.undo(ctx, before) != nil:
			return Plan{}, err
		}
		if refused.columns != "" && suspect == nil {
			suspect = refused
			continue
		}
		if suspect != nil && refused.of[0].table != suspect.columns {
			refused = suspect // no column alone
		}
		d.refused, suspect = append(d.refused, *refused), nil
	}
}

// mayLeave reports whether a plan can do without a refused statement: it is about objects, and not all of them are left out already.
func (d *differ) mayLeave(r *refusal) bool {
	isLeft := func(o object) bool {
		return slices.ContainsFunc(d.refused, func(earlier refusal) bool { return slices.Contains(earlier.of, o) })
	}
	return slices.ContainsFunc(r.of, func(o object) bool { return !isLeft(o) })
}

// attempt plans without what is left out, and tests the plan.
func (d *differ) attempt(ctx context.Context, before *catalog.Catalog) (Plan, error) {
	d.want, _, _ = leave(before, d.target.catalog, d.target.written, d.refused)
	first, err := d.prepare(ctx, before)
	if err != nil {
		return Plan{}, err
	}
	cur, err := d.rename(ctx, before, &first)
	if err != nil {
		return Plan{}, err
	}
	var left []LeftOut
	d.want, d.options.written, left = leave(cur, d.target.catalog, d.target.written, d.refused)
	if d.options.AllowDrop {
		for _, s := range rebuilds(cur, d.want, d.options.Options) {
			first.add(s)
			if err := d.run(ctx, s, false); err != nil {
				return Plan{}, err
			}
			if cur, err = d.read(ctx); err != nil {
				return Plan{}, err
			}
		}
	}
	plan, err := d.planned(ctx, cur)
	if err != nil {
		return Plan{}, err
	}
	plan.LeftOut = left
	applied := plan.Files
	plan.Files = joined(first, plan.Files)
	return plan, d.prove(ctx, before, applied, plan)
}

// planned returns the plan with what Postgres allows of its rollback.
func (d *differ) planned(ctx context.Context, cur *catalog.Catalog) (Plan, error) {
	d.options.oneWay = nil
	plan := Diff(cur, d.want, d.options.Options)
	oneWay, err := d.waysBack(ctx, plan)
	if err != nil || len(oneWay) == 0 {
		return plan, err
	}
	d.options.oneWay = oneWay
	return Diff(cur, d.want, d.options.Options), nil
}

func (f *File) add(s step) { f.Up, f.Down = append(f.Up, s.up...), slices.Concat(s.down, f.Down) }

// rename asks about possible renames and executes them. It returns the resulting catalog.
func (d *differ) rename(ctx context.Context, before *catalog.Catalog, first *File) (*catalog.Catalog, error) {
	cur := before
	for changed := len(first.Up) > 0; ; changed = true {
		var err error
		if changed {
			if cur, err = d.read(ctx); err != nil {
				return nil, err
			}
		}
		if renamed, err := d.ask(ctx, cur, first); !renamed || err != nil {
			return cur, err
		}
	}
}

// prepare executes the statements that must run first: they create the function for IDs and the extensions, and rename objects.
func (d *differ) prepare(ctx context.Context, cur *catalog.Catalog) (first File, err error) {
	steps := d.preparations(cur)
	for _, s := range steps {
		first.add(s)
		if err := d.run(ctx, s, false); err != nil {
			return first, err
		}
	}
	return first, nil
}

// preparations returns the steps that must run first.
func (d *differ) preparations(cur *catalog.Catalog) (steps []step) {
	has := func(kind, name string) bool {
		return slices.ContainsFunc(cur.Others, func(o catalog.Other) bool { return o.Kind == kind && strings.HasPrefix(o.Name, name) })
	}
	for _, name := range Extensions(d.types) {
		users := columnsOfExtension(d.want, name)
		if len(users) > 0 && !has("extension", name) {
			steps = append(steps, one("CREATE EXTENSION "+name, "DROP EXTENSION "+name).changing(users...))
		}
	}
	if !has("function", "public."+UUIDFunction+"(") && d.usesUUIDs() {
		steps = append(steps, one(CreateUUIDFunction, "DROP FUNCTION "+UUIDFunction+"()"))
	}
	list, former := renames(cur, d.types)
	for _, r := range list {
		steps = append(steps, one(r.up, r.down))
	}
	d.options.former = former
	return steps
}

// columnsOfExtension returns the columns whose type belongs to an extension and has its name.
func columnsOfExtension(c *catalog.Catalog, name string) (list []object) {
	for i := range c.Tables {
		t := &c.Tables[i]
		for _, column := range t.Columns {
			typ, _, _ := strings.Cut(strings.TrimSuffix(column.Type, "[]"), "(")
			if typ[strings.LastIndexByte(typ, '.')+1:] == name {
				list = append(list, columnObject(t, column.Name))
			}
		}
	}
	return list
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
	if len(plan.Files) == 0 {
		return nil
	}
	for _, f := range applied {
		for _, s := range f.steps {
			if err := d.run(ctx, s, f.NoTransaction); err != nil {
				return err
			}
		}
	}
	after, err := d.read(ctx)
	if err != nil {
		return err
	}
	if again := Diff(after, d.want, d.options.Options); len(again.Files) > 0 {
		return fault.New(fault.Internal, testOp, fmt.Sprintf("the result does not match the schema; these statements are still missing: %s", strings.Join(again.Files[0].Up, "; ")),
			"this is a bug in Krowoc: report it, and write the migration by hand")
	}
	var down []string
	for _, f := range slices.Backward(plan.Files) {
		down = append(down, f.Down...)
	}
	if after, err = d.execute(ctx, down); err != nil {
		return err
	}
	if len(d.options.oneWay) > 0 {
		after = withoutNew(after, before)
	}
	if left := catalog.Compare(before.ColumnsByName(), after.ColumnsByName()); len(left) > 0 {
		return fault.New(fault.Conflict, testOp, "rolling back does not restore the original schema: "+left[0].String(),
			"an object that is not in the schema depends on it: "+byHand)
	}
	return nil
}
