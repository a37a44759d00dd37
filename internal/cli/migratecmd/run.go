package migratecmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

// work is the call of the Migrator that a verb makes.
type work func(context.Context, *migrate.Migrator) ([]migrate.Result, error)

// report is what the verbs that change the database print with --output json.
type report struct {
	Migrations []result `json:"migrations"`
	DurationMs float64  `json:"durationMs"`
}

type result struct {
	Version    int64             `json:"version"`
	File       string            `json:"file"`
	Direction  migrate.Direction `json:"direction"`
	DurationMs float64           `json:"durationMs"`
	Retries    int               `json:"retries,omitempty"`
	Locks      []migrate.Lock    `json:"locks,omitempty"`
	SQL        string            `json:"sql,omitempty"`
}

// migrateDatabase opens the database, does the work of a verb and shows the result.
func migrateDatabase(ctx context.Context, f *factory.Factory, verb string, o migrate.Options, w work) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	return a.Traced(ctx, "migrate "+verb, func(ctx context.Context) error {
		return f.WithDatabase(ctx, a, func(db *app.Database) error { return workAndShow(ctx, f, a, db, o, w) })
	})
}

// migrateConfirmed is migrateDatabase for work that may roll back migrations: it shows what that would delete, and asks.
func migrateConfirmed(ctx context.Context, f *factory.Factory, verb string, o migrate.Options, yes bool, w work) error {
	if o.DryRun {
		return migrateDatabase(ctx, f, verb, o, w)
	}
	a, err := f.App()
	if err != nil {
		return err
	}
	return a.Traced(ctx, "migrate "+verb, func(ctx context.Context) error {
		return f.WithDatabase(ctx, a, func(db *app.Database) error {
			if err := a.RefuseElsewhere("migrate", db.URL); err != nil {
				return err
			}
			if yes {
				return workAndShow(ctx, f, a, db, o, w)
			}
			if err := confirm(ctx, f, a, db, o, w); err != nil {
				return err
			}
			return workAndShow(ctx, f, a, db, o, w)
		})
	})
}

// workAndShow does the work and shows which files it applied or rolled back, even if it failed half-way.
func workAndShow(ctx context.Context, f *factory.Factory, a *app.App, db *app.Database, o migrate.Options, w work) error {
	began := f.Term.Now()
	m, err := a.Migrator(db.Pool, newProgress(f.Term).report, func(all *migrate.Options) {
		all.DryRun, all.AllowMissing, all.RollbackOnFailure, all.Irreversible = o.DryRun, o.AllowMissing, o.RollbackOnFailure, o.Irreversible
		all.Locks = f.Term.Format == term.JSON
	})
	if err != nil {
		return err
	}
	results, workErr := w(ctx, m)
	r := report{Migrations: []result{}, DurationMs: milliseconds(f.Term.Now().Sub(began))}
	for _, done := range results {
		r.Migrations = append(r.Migrations, result{done.Version, done.File, done.Direction, milliseconds(done.Duration), done.Retries, done.Locks, done.SQL})
	}
	show := summarise
	switch {
	case workErr != nil:
		show = func(*term.Terminal, report) {} // each file was shown when it was done
	case o.DryRun:
		show = preview
	}
	showErr := f.Term.Result(r, func() error { show(f.Term, r); return nil })
	if workErr != nil {
		return workErr
	}
	return showErr
}

// confirm shows what w would roll back and delete, and asks. Any answer but yes is an error. It does not ask when w would roll
// back nothing.
func confirm(ctx context.Context, f *factory.Factory, a *app.App, db *app.Database, o migrate.Options, w work) error {
	m, err := a.Migrator(db.Pool, nil, func(all *migrate.Options) { all.DryRun, all.Irreversible = true, o.Irreversible })
	if err != nil {
		return err
	}
	plan, err := w(ctx, m)
	if err != nil {
		return err
	}
	var down []migrate.Result
	for _, r := range plan {
		if r.Direction == migrate.Down {
			down = append(down, r)
		}
	}
	if len(down) == 0 {
		return nil
	}
	losses, err := m.Losses(ctx, down)
	if err != nil {
		return err
	}
	sure, err := f.Term.Confirm(ctx, question(down, losses))
	if err == nil && !sure {
		return fault.New(fault.Canceled, "migrate", "nothing was changed")
	}
	return err
}

// question asks whether to roll back, given what that would delete.
func question(down []migrate.Result, losses []migrate.Loss) string {
	text := fmt.Sprintf("Roll back %d migrations, down to and including %s?", len(down), down[len(down)-1].File)
	if len(down) == 1 {
		text = "Roll back " + down[0].File + "?"
	}
	var kept []string
	for _, r := range down {
		if r.Empty {
			kept = append(kept, r.File)
		}
	}
	if len(kept) > 0 {
		text += " What " + strings.Join(kept, ", ") + " made stays, because there is nothing in the down section."
	}
	if len(losses) == 0 {
		return text
	}
	var lost []string
	for _, l := range losses {
		what := fmt.Sprintf("%d rows of %s", l.Rows, l.Table)
		if l.Column != "" {
			what = fmt.Sprintf("%d values of %s.%s", l.Rows, l.Table, l.Column)
		}
		lost = append(lost, what)
	}
	return text + " This deletes " + strings.Join(lost, ", ") + "."
}
