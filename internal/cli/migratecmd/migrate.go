// Package migratecmd is `krowoc migrate`.
package migratecmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Apply, roll back and create SQL migrations",
		Long: `Apply, roll back and create the SQL migrations of the project: goose's file format and version table, so an
existing goose folder works as it is. Any number of processes may start at once; one applies, the others
wait. A file is applied whole or not at all, unless it says "-- +goose NO TRANSACTION".`,
	}
	cmd.AddCommand(newUp(f), newDown(f), newRedo(f), newTo(f), newStatus(f), newCreate(f))
	return cmd
}

func newUp(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "up",
		Short:   "Apply every pending migration",
		Example: "krowoc migrate up\nkrowoc migrate up --env production --output json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), f, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Up(ctx) })
		},
	}
}

func newDown(f *factory.Factory) *cobra.Command {
	var steps int
	var yes bool
	cmd := &cobra.Command{
		Use:     "down",
		Short:   "Roll back the last migration, or more",
		Long:    "Roll back the last migration, or as many as --steps says. What the tables held that go is lost, so it asks.",
		Example: "krowoc migrate down\nkrowoc migrate down --steps 3 --yes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if steps < 1 {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate down", "--steps must be 1 or more"))
			}
			question := fmt.Sprintf("Roll back the last %d migrations?", steps)
			if steps == 1 {
				question = "Roll back the last migration?"
			}
			if !yes {
				if err := confirm(cmd.Context(), f, question); err != nil {
					return err
				}
			}
			return run(cmd.Context(), f, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Down(ctx, steps) })
		},
	}
	cmd.Flags().IntVar(&steps, "steps", 1, "how many to roll back")
	addYes(cmd, &yes)
	return cmd
}

func newRedo(f *factory.Factory) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "redo",
		Short:   "Roll back the last migration and apply it again",
		Example: "krowoc migrate redo --yes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				if err := confirm(cmd.Context(), f, "Roll back the last migration and apply it again?"); err != nil {
					return err
				}
			}
			return run(cmd.Context(), f, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) { return m.Redo(ctx) })
		},
	}
	addYes(cmd, &yes)
	return cmd
}

func newTo(f *factory.Factory) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "to VERSION",
		Short: "Bring the database to a version, up or down",
		Long: `Bring the database to a version: up when it is not applied yet, else down to it, which asks. 0 rolls
everything back.`,
		Example: "krowoc migrate to 5\nkrowoc migrate to 0 --yes",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || version < 0 {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate to "+args[0], "a version is a number",
					"`krowoc migrate status` lists them."))
			}
			return run(cmd.Context(), f, func(ctx context.Context, m *migrate.Migrator) ([]migrate.Result, error) {
				lost, err := above(ctx, m, version)
				if err == nil && lost > 0 && !yes {
					err = confirm(ctx, f, fmt.Sprintf("Roll back %d of the migrations, to version %d?", lost, version))
				}
				if err != nil {
					return nil, err
				}
				return m.To(ctx, version)
			})
		},
	}
	addYes(cmd, &yes)
	return cmd
}

// above counts the applied migrations that going to a version rolls back: none where that goes up.
func above(ctx context.Context, m *migrate.Migrator, version int64) (int, error) {
	list, err := m.Status(ctx)
	n, applied := 0, version == 0
	for _, s := range list {
		if s.AppliedAt.IsZero() {
			continue
		}
		applied = applied || s.Version == version
		if s.Version > version {
			n++
		}
	}
	if !applied {
		return 0, err
	}
	return n, err
}

func addYes(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVar(yes, "yes", false, "do not ask")
}

// confirm asks; any answer but yes is the error.
func confirm(ctx context.Context, f *factory.Factory, question string) error {
	sure, err := f.Term.Confirm(ctx, question)
	if err == nil && !sure {
		return fault.New(fault.Canceled, "migrate", "nothing was changed")
	}
	return err
}

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
}

// run opens the database, does the work and shows what was done, also when it failed half-way.
func run(ctx context.Context, f *factory.Factory, work func(context.Context, *migrate.Migrator) ([]migrate.Result, error)) error {
	a, err := f.App()
	if err != nil {
		return err
	}
	return withDatabase(ctx, f, a, func(db *app.Database) error {
		began := f.Term.Now()
		m, err := a.Migrator(db.Pool, newProgress(f.Term).report)
		if err != nil {
			return err
		}
		results, err := work(ctx, m)
		r := report{Migrations: []result{}, DurationMs: milliseconds(f.Term.Now().Sub(began))}
		for _, done := range results {
			r.Migrations = append(r.Migrations, result{done.Version, done.File, done.Direction, milliseconds(done.Duration)})
		}
		return cmp.Or(err, f.Term.Result(r, func() error {
			if err == nil {
				summarise(f.Term, r)
			}
			return nil
		}))
	})
}

// withDatabase opens the environment's database for the time of work.
func withDatabase(ctx context.Context, f *factory.Factory, a *app.App, work func(*app.Database) error) (err error) {
	db, err := a.Open(ctx, f.Fetching())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(ctx)) }()
	return work(db)
}
