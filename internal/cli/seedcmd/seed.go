// Package seedcmd is `krowoc seed`.
package seedcmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/seed"
)

// Options are what the arguments and flags say.
type Options struct {
	Sets    []string // empty for the configured ones
	Consent app.SeedConsent
}

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "seed [SET…]",
		Short: "Load the fixtures of the environment",
		Long: `Load the fixtures of seeds/, or of the named sets. Every value is checked against the schema first; then all
rows are loaded in one transaction. Rows are found again by their key: running twice changes nothing.

A protected environment (production, unless krowoc.yaml says otherwise) refuses, unless told twice: its name
typed out after --allow-protected, and --yes.`,
		Example: "krowoc seed\nkrowoc seed common demo\nkrowoc seed common --env production --allow-protected production --yes",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Sets = args
			return run(cmd.Context(), f, o)
		},
	}
	cmd.Flags().StringVar(&o.Consent.AllowProtected, "allow-protected", "", "the `name` of the protected environment to load into")
	cmd.Flags().BoolVar(&o.Consent.Confirmed, "yes", false, "confirm --allow-protected")
	return cmd
}

func run(ctx context.Context, f *factory.Factory, o Options) (err error) {
	a, err := f.App()
	if err != nil {
		return err
	}
	s, err := a.Schema()
	if err != nil {
		return err
	}
	db, err := a.Open(ctx, f.Fetching())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close(ctx)) }()
	progress := f.Term.Progress("loading the seeds")
	defer progress.Fail()
	summary, err := a.Seed(ctx, db.Pool, s, o.Sets, o.Consent)
	if err != nil {
		return err
	}
	progress.Done(summary.String())
	return f.Term.Result(summary, func() error { return show(f.Term, summary) })
}

func show(t *term.Terminal, s seed.Summary) error {
	table := t.NewTable("TABLE", "INSERTED", "UPDATED", "UNCHANGED")
	for _, row := range s.Tables {
		table.Row(row.Table, fmt.Sprint(row.Inserted), fmt.Sprint(row.Updated), fmt.Sprint(row.Unchanged))
	}
	if err := table.Flush(); err != nil || len(s.SQL) == 0 {
		return err
	}
	files := t.NewTable("FILE", "STATE")
	for _, file := range s.SQL {
		files.Row(file.File, map[bool]string{true: "ran", false: "unchanged"}[file.Ran])
	}
	return files.Flush()
}
