package migratecmd

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

// work is what a verb does with the Migrator.
type work func(context.Context, *migrate.Migrator) ([]migrate.Result, error)

// report is what the verbs that change the database print under --output json.
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

// run opens the database, does the work and shows what was done, also when it failed half-way.
func run(ctx context.Context, f *factory.Factory, o migrate.Options, w work) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	return f.WithDatabase(ctx, a, func(db *app.Database) error { return runOn(ctx, f, a, db, o, w) })
}

// runAsked is run for what may roll back: it counts what that would delete, and asks.
func runAsked(ctx context.Context, f *factory.Factory, o migrate.Options, yes bool, w work) error {
	if yes || o.DryRun {
		return run(ctx, f, o, w)
	}
	a, err := f.App()
	if err != nil {
		return err
	}
	return f.WithDatabase(ctx, a, func(db *app.Database) error {
		if err := confirm(ctx, f, a, db, w); err != nil {
			return err
		}
		return runOn(ctx, f, a, db, o, w)
	})
}

func runOn(ctx context.Context, f *factory.Factory, a *app.App, db *app.Database, o migrate.Options, w work) error {
	began := f.Term.Now()
	m, err := a.Migrator(db.Pool, newProgress(f.Term).report, func(all *migrate.Options) {
		all.DryRun, all.AllowMissing, all.RollbackOnFailure = o.DryRun, o.AllowMissing, o.RollbackOnFailure
		all.Locks = f.Term.Format == term.JSON
	})
	if err != nil {
		return err
	}
	results, err := w(ctx, m)
	r := report{Migrations: []result{}, DurationMs: milliseconds(f.Term.Now().Sub(began))}
	for _, done := range results {
		r.Migrations = append(r.Migrations, result{done.Version, done.File, done.Direction, milliseconds(done.Duration), done.Retries, done.Locks, done.SQL})
	}
	show := summarise
	switch {
	case err != nil:
		show = func(*term.Terminal, report) {} // the files were shown as they were done
	case o.DryRun:
		show = preview
	}
	return cmp.Or(err, f.Term.Result(r, func() error { show(f.Term, r); return nil }))
}

// confirm says what w would roll back and delete, and asks; any answer but yes is the error. Where nothing would
// be rolled back there is nothing to ask.
func confirm(ctx context.Context, f *factory.Factory, a *app.App, db *app.Database, w work) error {
	m, err := a.Migrator(db.Pool, nil, func(o *migrate.Options) { o.DryRun = true })
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
	text := fmt.Sprintf("Roll back %d migrations, to before %s?", len(down), down[len(down)-1].File)
	if len(down) == 1 {
		text = "Roll back " + down[0].File + "?"
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
