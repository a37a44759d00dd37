// Package seedcmd is `krowoc seed`.
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
	"github.com/krowoc/krowoc/internal/seed"
	maker "github.com/krowoc/krowoc/internal/seed/make"
)

// Options are what the arguments and flags say.
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
		Short: "Load the fixtures of the environment, and make rows",
		Long: `Load the fixtures of seeds/, or of the named sets. Every value is checked against the schema first; then all
rows are loaded in one transaction. Rows are found again by their key: running twice changes nothing. Then the rows
are made that the files ask for under generate:, or that --generate does.

A protected environment (production, unless krowoc.yaml says otherwise) refuses, unless told twice: its name
typed out after --allow-protected, and --yes.`,
		Example: "krowoc seed\nkrowoc seed demo --dry-run\nkrowoc seed --generate 1000\nkrowoc seed --generate Prompt=500 --generate Execution=1_000_000\n" +
			"krowoc seed --reset\nkrowoc seed common --env production --allow-protected production --yes",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Sets = args
			return run(cmd.Context(), f, o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.DryRun, "dry-run", false, "change nothing, and say row by row what would change")
	flags.StringArrayVar(&o.Generate, "generate", nil, "make so many rows of each type, `1000`, or of one, Prompt=1000; may be given again")
	flags.Uint64Var(&o.RandomSeed, "random-seed", 0, "`number` that made rows depend on: the same one makes the same rows")
	flags.BoolVar(&o.Prune, "prune", false, "delete rows that an earlier load has inserted and that are no longer in the fixtures")
	flags.StringVar(&o.Reset, "reset", "", "empty the tables first: `loaded`, if they hold no rows but those of seeds, or all")
	flags.Lookup("reset").NoOptDefVal = string(seed.ResetLoaded)
	flags.StringVar(&o.AllowProtected, "allow-protected", "", "the `name` of the protected environment to load into")
	flags.BoolVar(&o.Yes, "yes", false, "ask nothing")
	flags.String("url", "", "load into the database of this `URL`, in place of the environment's")
	f.Bind(flags.Lookup("url"), "database.url")
	cmd.AddCommand(newDump(f))
	return cmd
}

func run(ctx context.Context, f *factory.Factory, o Options) error {
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
	return f.WithDatabase(ctx, a, func(db *app.Database) error {
		load := func(dryRun bool, report func(maker.Progress)) (seed.Summary, error) {
			return a.Seed(ctx, db.Pool, s, func(so *seed.Options) {
				if len(o.Sets) > 0 {
					so.Sets = o.Sets
				}
				so.Generate, so.RandomSeed, so.Report = counts, o.RandomSeed, report
				so.DryRun, so.Prune, so.Reset = dryRun, o.Prune, seed.ResetMode(o.Reset)
				so.AllowProtected, so.Confirmed = o.AllowProtected, o.Yes
			})
		}
		if !o.DryRun && !o.Yes && (o.Prune || o.Reset != "") {
			planned, err := load(true, nil)
			if err != nil {
				return err
			}
			if sure, err := confirm(ctx, f.Term, planned); err != nil || !sure {
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
	return nil, factory.Usage(fault.New(fault.Invalid, "", fmt.Sprintf("there is no --reset=%s", o.Reset), "There are: --reset, which is --reset=loaded, and --reset=all."))
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
	return t.Confirm(ctx, "Delete "+strings.Join(tables, ", ")+", and what refers to them as the schema says?")
}

func outcome(s seed.Summary, dryRun bool) string {
	if dryRun {
		return "nothing was changed; " + s.String()
	}
	return s.String()
}

// report shows how far the rows that are made have come.
func report(shown *term.Progress) func(maker.Progress) {
	return func(p maker.Progress) {
		shown.Label(map[maker.Stage]string{maker.Rows: "making ", maker.Indexes: "indexing "}[p.Stage] + p.Table)
		shown.Count("rows", p.Rows, p.Total)
	}
}
