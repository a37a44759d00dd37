package ddl

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/changes"
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
	// Another returns another database with the same structure, and a function that drops it. A plan for a partial target goes on with it
	// after a rollback that failed or did not restore the database. If Another is nil, such a rollback is an error.
	Another func(context.Context) (*pgxpool.Pool, func() error, error)
}

// Plan returns the migrations that change a database into the target. It tests them on the database, up and down. A plan for a partial
// target leaves out what Postgres refuses.
func (t *Target) Plan(ctx context.Context, db *pgxpool.Pool, o PlanOptions) (plan Plan, err error) {
	o.types = t.schema
	// A table to ignore that the schema declares is not ignored, or the plan would create it again.
	o.Exclude = slices.DeleteFunc(slices.Clone(o.Exclude), func(name string) bool { return t.catalog.Table(public, name) != nil })
	if o.Reader == nil {
		o.Reader = catalog.NewReader(db, catalog.Options{Exclude: o.Exclude})
	}
	d := &differ{db: db, drop: func() error { return nil }, target: t, types: t.schema, options: o, answers: map[Rename]bool{}, refused: slices.Clone(t.refused)}
	defer func() { err = errors.Join(err, d.drop()) }()
	if err := d.readLive(ctx); err != nil {
		return plan, err
	}
	if plan, err = d.diff(ctx); err == nil {
		d.noted(&plan)
	}
	return plan, err
}

// differ creates a plan.
type differ struct {
	db      *pgxpool.Pool
	drop    func() error // drops db if it is another database than that of the caller
	target  *Target
	want    *catalog.Catalog // of the target, without what is left out
	types   *schema.Schema
	options PlanOptions
	answers map[Rename]bool // to the questions about renames
	live    []changes.Table // of the database, whose changes are noted

	refused []refusal // what is left out, and why
	suspect *refusal  // the attempt finds out which of its columns is to blame
	careful bool      // test the rollback of each step right after it, to find the one that does not restore the database

	done    []step // what the scratch database has of the plan
	failed  *step  // of which some statements may have run
	damaged bool   // a rollback has failed
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
	for {
		d.options.apart = nil
		if d.suspect != nil {
			d.options.apart = map[string]bool{d.suspect.columns: true}
		}
		d.done, d.failed = nil, nil
		plan, err := d.attempt(ctx, before)
		switch {
		case err == nil && d.suspect == nil:
			return plan, nil
		case err == nil: // no column alone
			d.leaveOut(d.suspect)
		case !d.learn(err) || !d.restore(ctx, before):
			return Plan{}, err
		}
	}
}

// learn decides what the next attempt does differently after one that failed: it leaves out an object, or finds out which one to leave out.
// It reports false if no other attempt can succeed.
func (d *differ) learn(err error) bool {
	refused, unrestored := new(refusal), new(unrestored)
	switch {
	case !d.target.partial:
		return false
	case errors.As(err, &unrestored) && d.suspect != nil: // no column alone
		d.leaveOut(d.suspect)
	case errors.As(err, &unrestored) && !d.careful:
		d.careful = true
	case !errors.As(err, &refused) || !d.mayLeave(refused):
		return false
	case refused.columns != "" && d.suspect == nil:
		d.suspect = refused
	case d.suspect != nil && refused.of[0].table != d.suspect.columns: // no column alone
		d.leaveOut(d.suspect)
	default:
		d.leaveOut(refused)
	}
	return true
}

func (d *differ) leaveOut(r *refusal) { d.refused, d.suspect = append(d.refused, *r), nil }

// mayLeave reports whether a plan can do without a refused statement: it is about objects, and not all of them are left out already. Otherwise
// the next attempt would be the same.
func (d *differ) mayLeave(r *refusal) bool {
	isLeft := func(o object) bool {
		return slices.ContainsFunc(d.refused, func(earlier refusal) bool { return slices.Contains(earlier.of, o) })
	}
	return slices.ContainsFunc(r.of, func(o object) bool { return !isLeft(o) })
}

// restore rolls back what the database has of the plan, or uses another database. It reports false if there is none.
func (d *differ) restore(ctx context.Context, before *catalog.Catalog) bool {
	if !d.damaged && d.undo(ctx, before) == nil {
		return true
	}
	if d.options.Another == nil {
		return false
	}
	db, drop, err := d.options.Another(ctx)
	if err != nil {
		return false
	}
	former := d.drop
	d.db, d.drop, d.damaged = db, func() error { return errors.Join(drop(), former()) }, false
	d.options.Reader = catalog.NewReader(db, catalog.Options{Exclude: d.options.Exclude})
	return true
}
