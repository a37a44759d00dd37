package change

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"

	"github.com/jackc/pgx/v5/pgxpool"
)

// How long SaveUnsaved waits for a session that has not applied a saved schema yet, and how often it looks.
const (
	saveWait = 15 * time.Second
	saveLook = 250 * time.Millisecond
)

const saveOp = "save the changes"

// SaveUnsaved writes the unsaved changes of a development session as migrations, and records in the database that it has them. It
// returns their paths. It waits while the database lacks something of the schema, because the session may be about to change it.
func SaveUnsaved(ctx context.Context, a *app.App, s *scratch.Server, db *pgxpool.Pool, name string) (plan ddl.Plan, paths []string, err error) {
	for began := a.Now(); ; {
		u, err := planUnsaved(ctx, a, s, db)
		if err != nil {
			return u.plan, nil, err
		}
		if u.lacking == nil {
			paths, done, err := u.save(ctx, a, db, name)
			if done || err != nil {
				return u.plan, paths, err
			}
		} else {
			nothing := len(u.plan.Files) == 0 && fault.CodeOf(u.lacking) == fault.NotFound
			mayCome := !nothing && sessionRuns(a) && a.Now().Sub(began) <= saveWait
			if !mayCome {
				return u.plan, nil, u.lacking
			}
		}
		select {
		case <-time.After(saveLook):
		case <-ctx.Done():
			return plan, nil, ctx.Err()
		}
	}
}

// sessionRuns reports whether a development session may be about to change the database.
func sessionRuns(a *app.App) bool {
	_, err := dev.Find(a.StateDir())
	return err == nil
}

// unsaved is a plan for what is unsaved.
type unsaved struct {
	plan    ddl.Plan
	last    int64 // id of the last change that it covers
	lacking error // what the database lacks of the schema; nil where it has all of it
}

// planUnsaved plans the migrations that the schema needs, and compares what they make with what the database has.
func planUnsaved(ctx context.Context, a *app.App, s *scratch.Server, db *pgxpool.Pool) (u unsaved, err error) {
	if u.last, err = sync.Last(ctx, db); err != nil {
		return u, err
	}
	changes, err := sync.Read(ctx, db)
	if err != nil {
		return u, err
	}
	err = withTarget(ctx, a, s, s.Target, func(built *pgxpool.Pool, target *ddl.Target) (err error) {
		changed, dropChanged, err := s.Copy(ctx, built)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, dropChanged()) }()
		exclude := migrate.InternalTables(a.Config.Migrations.Table)
		u.plan, err = target.Plan(ctx, built, ddl.PlanOptions{Exclude: exclude})
		if len(changes) == 0 { // also where no plan leads to the schema
			u.lacking = fault.New(fault.NotFound, saveOp, "the development database has no unsaved changes",
				"run `krowoc migrate diff NAME` for a schema that no development session has applied")
			return nil
		}
		if err == nil {
			u.lacking, err = lacking(ctx, target, built, changed, db, changes, exclude)
		}
		return err
	})
	if err != nil || len(changes) == 0 {
		return u, err
	}
	if last, err := sync.Last(ctx, db); err == nil && last != u.last {
		u.lacking = notInStep("it is just being changed")
	}
	return u, nil
}

// lacking returns why the database, which has the unsaved changes, is not what the schema describes. changed is a copy of what the
// migrations build.
func lacking(ctx context.Context, target *ddl.Target, built, changed, db *pgxpool.Pool, changes []sync.Change, exclude []string) (reason, err error) {
	options := catalog.Options{Exclude: exclude}
	base, err := catalog.Read(ctx, built, options)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		for _, sql := range c.Up {
			if _, err := changed.Exec(ctx, sql); err != nil {
				return notInStep("its unsaved changes do not fit the migrations: " + err.Error()), nil
			}
		}
	}
	expected, err := catalog.Read(ctx, changed, options)
	if err != nil {
		return nil, err
	}
	more, err := target.Plan(ctx, changed, ddl.PlanOptions{Options: ddl.Options{AllowDrop: true, Keep: base, Plain: true}, Exclude: exclude})
	if err != nil {
		return notInStep(err.Error()), nil // the session cannot apply the schema either
	}
	if len(more.Files) > 0 && len(more.Files[0].Up) > 0 {
		return notInStep("this is missing: " + more.Files[0].Up[0]), nil
	}
	actual, err := catalog.Read(ctx, db, options)
	if err != nil {
		return nil, err
	}
	if list := catalog.Lacking(base, expected, actual); len(list) > 0 {
		return notInStep(fmt.Sprintf("it does not have what its unsaved changes make: %s", list[0])), nil
	}
	return nil, nil
}

func notInStep(why string) error {
	return fault.New(fault.Conflict, saveOp, "the development database does not have all of the saved schema: "+why,
		"keep `krowoc dev` running until it has applied the schema, fix what it reports, and retry; `krowoc db branch reset` or `krowoc dev reset` rebuild the database")
}

// save records and writes the migrations. It is not done when the changes were undone meanwhile.
func (u unsaved) save(ctx context.Context, a *app.App, db *pgxpool.Pool, name string) (paths []string, done bool, err error) {
	dir := a.Config.Path(a.Config.Migrations.Dir)
	drafts, err := migrate.Number(dir, Drafts(name, u.plan), a.Now())
	if err != nil {
		return nil, false, err
	}
	m, err := a.Migrator(db, nil)
	if err != nil {
		return nil, false, err
	}
	// Record first: a running session applies a new file unless it is recorded as applied.
	var recorded []int64
	if len(drafts) > 0 {
		if recorded, err = m.RecordDrafts(ctx, drafts); err != nil {
			return nil, false, err
		}
	}
	if there, err := sync.IsThere(ctx, db, u.last); !there || err != nil {
		return nil, false, errors.Join(err, m.Unrecord(context.WithoutCancel(ctx), recorded))
	}
	if paths, err = migrate.Write(dir, drafts, a.Now()); err != nil {
		return nil, false, errors.Join(err, m.Unrecord(context.WithoutCancel(ctx), recorded))
	}
	return paths, true, sync.Forget(ctx, db, u.last)
}
