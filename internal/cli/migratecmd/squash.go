package migratecmd

import (
	"context"
	"fmt"
	"path"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// squashFlags are the flags of squash.
type squashFlags struct {
	to          int64
	name        string
	server      scratch.Options
	dryRun, yes bool

	irreversible bool
}

func newSquash(f *factory.Factory) *cobra.Command {
	var o squashFlags
	cmd := &cobra.Command{
		Use:   "squash --to VERSION",
		Short: "Replace the oldest migrations with one baseline",
		Long: `Replace all migrations up to a version with one baseline that has the same version. A database that has applied that version
counts the baseline as applied. A new database runs only the baseline. Before any file changes, the command applies the baseline
to a scratch database, checks that it builds exactly what the old migrations build, and rolls it back.

Migrate all older databases to the version first.`,
		Example: "krowoc migrate squash --to 41\nkrowoc migrate squash --to 41 --dry-run",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.to < 1 {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate squash", "--to VERSION is missing", "`krowoc migrate status` lists all versions"))
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			return f.WithScratch(cmd.Context(), a, o.server, func(s *scratch.Server) error { return runSquash(cmd.Context(), f, a, s, o) })
		},
	}
	flags := cmd.Flags()
	flags.Int64Var(&o.to, "to", 0, "replace all migrations up to this `version`")
	flags.StringVar(&o.name, "name", "baseline", "use this `name` in the file name, after the version")
	factory.ScratchFlags(flags, &o.server, "url")
	flags.BoolVar(&o.irreversible, "irreversible", false, "also replace files without a down section; the baseline then has none and cannot be rolled back")
	addYes(cmd, &o.yes)
	flags.BoolVar(&o.dryRun, "dry-run", false, "print the baseline and change no files")
	return cmd
}

func runSquash(ctx context.Context, f *factory.Factory, a *app.App, s *scratch.Server, o squashFlags) error {
	squash, err := change.Squash(ctx, a, s, o.to, o.name, o.irreversible)
	if err != nil {
		return err
	}
	if !o.dryRun {
		if !o.yes {
			sure, err := f.Term.Confirm(ctx, fmt.Sprintf("Replace %s, %s to %s, with %s?", term.Count(len(squash.Replaces), "file"),
				squash.Replaces[0], squash.Replaces[len(squash.Replaces)-1], squash.File))
			if (err != nil) || !sure {
				return cancelled(err)
			}
		}
		if err := squash.Write(a.Config.Path(a.Config.Migrations.Dir)); err != nil {
			return err
		}
	}
	return f.Term.Result(squash, func() error {
		if o.dryRun {
			_, err := fmt.Fprint(f.Term.Out, squash.Text)
			return err
		}
		_, err := fmt.Fprintln(f.Term.Out, path.Join(a.Config.Migrations.Dir, squash.File))
		return err
	})
}

func cancelled(err error) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Canceled, "migrate", "nothing was changed")
}
