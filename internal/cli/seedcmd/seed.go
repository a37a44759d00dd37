// Package seedcmd implements `krowoc seed`.
package seedcmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/seed"
	maker "github.com/krowoc/krowoc/internal/seed/make"
)

// Options are the arguments and flags of the command.
type Options struct {
	Sets       []string // empty for the configured ones
	Generate   []string
	RandomSeed uint64

	DryRun, Prune bool
	Reset         string

	AllowProtected string
	Yes            bool
}

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "seed [SET…]",
		Short: "Load fixtures and generate rows",
		Long: `Load the fixtures of the environment, or of the sets that you name. Every value is checked against the schema first. Then all
rows are loaded in one transaction. Krowoc recognizes rows by their keys, so loading twice changes nothing. Afterwards, rows are
generated as the fixture files request under generate: or as you request with --generate.

A protected environment (by default production) refuses to load seeds unless you pass both --allow-protected with the name of
the environment, and --yes.`,
		Example: "krowoc seed\nkrowoc seed demo --dry-run\nkrowoc seed --generate 1000\nkrowoc seed --generate Prompt=500 --generate Execution=1_000_000\n" +
			"krowoc seed --reset\nkrowoc seed common --env production --allow-protected production --yes",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Sets = args
			return loadSeeds(cmd.Context(), f, o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.DryRun, "dry-run", false, "change nothing; print every row that would change")
	flags.StringArrayVar(&o.Generate, "generate", nil, "generate `N` rows for every type (1000) or one type (Prompt=1000); Prompt=0 leaves one out; repeatable")
	flags.Uint64Var(&o.RandomSeed, "random-seed", 0, "generate rows from this random seed: the same `number` gives the same rows")
	flags.BoolVar(&o.Prune, "prune", false, "delete rows that an earlier load inserted and that are no longer in the fixtures")
	flags.StringVar(&o.Reset, "reset", "", "empty the tables first. The `mode` loaded refuses to empty a table with rows from elsewhere; all does not refuse")
	flags.Lookup("reset").NoOptDefVal = string(seed.ResetLoaded)
	flags.StringVar(&o.AllowProtected, "allow-protected", "", "load into the protected environment with this `name`")
	factory.YesFlag(flags, &o.Yes)
	flags.String("url", "", "load into the database at `URL` instead of that of the environment")
	f.Bind(flags.Lookup("url"), "database.url")
	cmd.AddCommand(newDump(f))
	return cmd
}

// loadSeeds loads the seeds, after a dry run and a question when rows would be deleted.
func loadSeeds(ctx context.Context, f *factory.Factory, o Options) error {
	counts, err := o.counts()
	if err != nil {
		return err
	}
	a, err := f.App()
	if err != nil {
		return err
	}
	s, err := a.Schema()
	if err != nil {
		return err
	}
	return a.Traced(ctx, "seed", func(ctx context.Context) error { return loadInto(ctx, f, a, s, counts, o) })
}

// loadInto loads the seeds into the database of an App.
func loadInto(ctx context.Context, f *factory.Factory, a *app.App, s *schema.Schema, counts []seed.Count, o Options) error {
	return f.WithDatabase(ctx, a, func(db *app.Database) error {
		load := func(dryRun bool, report func(maker.Progress)) (seed.Summary, error) {
			return a.Seed(ctx, db.Pool, s, func(so *seed.Options) {
				o.apply(so)
				so.Generate, so.DryRun, so.Report = counts, dryRun, report
			})
		}
		deletes := o.Prune || (o.Reset != "")
		if deletes && !o.DryRun && !o.Yes {
			planned, err := load(true, nil)
			if err != nil {
				return err
			}
			if sure, err := confirm(ctx, f.Term, planned); (err != nil) || !sure {
				return err
			}
		}
		shown := f.Term.Progress("loading the seeds")
		defer shown.Fail()
		summary, err := load(o.DryRun, report(shown))
		if err != nil {
			return err
		}
		shown.Done(outcome(summary, o.DryRun))
		return f.Term.Result(summary, func() error { return show(f.Term, summary) })
	})
}

// apply sets the options of a load.
func (o *Options) apply(to *seed.Options) {
	if len(o.Sets) > 0 {
		to.Sets = o.Sets
	}
	to.RandomSeed, to.Prune, to.Reset = o.RandomSeed, o.Prune, seed.ResetMode(o.Reset)
	to.AllowProtected, to.Confirmed = o.AllowProtected, o.Yes
}

func (o *Options) counts() (list []seed.Count, err error) {
	for _, text := range o.Generate {
		c, err := seed.ParseCount(text)
		if err != nil {
			return nil, factory.Usage(err)
		}
		list = append(list, c)
	}
	switch seed.ResetMode(o.Reset) {
	case "", seed.ResetLoaded, seed.ResetAll:
		return list, nil
	}
	return nil, factory.Usage(fault.New(fault.Invalid, "", fmt.Sprintf("--reset must be loaded or all; it is %q", o.Reset), "use --reset (the same as --reset=loaded) or --reset=all"))
}

// confirm asks before rows are deleted.
func confirm(ctx context.Context, t *term.Terminal, planned seed.Summary) (bool, error) {
	var tables []string
	for _, table := range planned.Tables {
		if table.Deleted > 0 {
			tables = append(tables, fmt.Sprintf("%s from %s", term.Count(table.Deleted, "row"), table.Table))
		}
	}
	if len(tables) == 0 {
		return true, nil
	}
	return t.Confirm(ctx, "Delete "+strings.Join(tables, ", ")+", and rows that refer to them as onDelete in the schema defines?")
}

func outcome(s seed.Summary, dryRun bool) string {
	if dryRun {
		return "dry run, nothing was changed: " + s.String()
	}
	return s.String()
}

// report shows the progress of generated rows.
func report(shown *term.Progress) func(maker.Progress) {
	return func(p maker.Progress) {
		shown.Label(map[maker.Stage]string{maker.Rows: "generating ", maker.Indexes: "indexing "}[p.Stage] + p.Table)
		shown.Count("rows", p.Rows, p.Total)
	}
}
