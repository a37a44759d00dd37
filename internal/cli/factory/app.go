package factory

import (
	"context"
	"errors"
	"fmt"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/pg/local"
)

// App returns the composition root of the configured project.
func (f *Factory) App() (*app.App, error) {
	c, err := f.Config()
	if err != nil {
		return nil, err
	}
	logger, err := f.Logger()
	if err != nil {
		return nil, err
	}
	return &app.App{Config: c, Version: f.Build.Version, Logger: logger, Now: f.Term.Now, Env: f.Getenv, Lookup: f.Environ.Lookup, Guard: f.guard, Announce: f.announce}, nil
}

// announce tells the person at the terminal which database a command is about to touch. Scripts read nothing new.
func (f *Factory) announce(environment, database string) {
	if !f.Term.ErrTTY || f.Term.Format != term.Text {
		return
	}
	line := "environment " + environment + ", database " + database
	if _, told := f.announced.LoadOrStore(line, true); !told {
		fmt.Fprintln(f.Term.Err, f.Term.ErrStyles().Faint.Render(line))
	}
}

// Usage marks an error as a mistake in the command line: exit code 2.
func Usage(err error) error { return &UsageError{Err: err} }

// Fetching returns a function that shows the progress of downloading Postgres, when a command has to.
func (f *Factory) Fetching() func(local.Progress) {
	var shown *term.Progress
	return func(p local.Progress) {
		switch {
		case p.Phase != local.PhaseFetch:
		case shown == nil:
			shown = f.Term.Progress(p.Phase)
		case p.Took > 0:
			shown.Done("downloaded Postgres")
		default:
			shown.Set(p.Done, p.Total)
		}
	}
}

// WithDatabase calls work with the environment's database. In development this is the database of the running session, or of
// a Postgres that is started for the call.
func (f *Factory) WithDatabase(ctx context.Context, a *app.App, work func(*app.Database) error) (err error) {
	db, err := a.Open(ctx, f.Fetching())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(ctx)) }()
	return work(db)
}
