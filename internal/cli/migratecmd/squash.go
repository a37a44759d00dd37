package migratecmd

import (
	"context"
	"fmt"
	"path"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
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
}

func newSquash(f *factory.Factory) *cobra.Command {
	var o squashFlags
	cmd := &cobra.Command{
		Use:   "squash --to VERSION",
		Short: "Put one baseline in the place of the oldest migrations",
		Long: `Put one migration in the place of all up to a version. It has that version, so a database that was migrated that far
has it, and a new one runs it alone. Before any file is touched it is run on a scratch database, where it must build
exactly what the migrations build, and be rolled back.

Databases that are older than the version must be brought to it first.`,
		Example: "krowoc migrate squash --to 41\nkrowoc migrate squash --to 41 --dry-run",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.to < 1 {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate squash", "--to must name a version", "`krowoc migrate status` lists them"))
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			return f.WithScratch(cmd.Context(), a, o.server, func(s *scratch.Server) error { return runSquash(cmd.Context(), f, a, s, o) })
		},
	}
	flags := cmd.Flags()
	flags.Int64Var(&o.to, "to", 0, "the last `version` that the baseline stands for")
	flags.StringVar(&o.name, "name", "baseline", "`name` of the file, after its version")
	factory.ScratchFlags(flags, &o.server, "url")
	addYes(cmd, &o.yes)
	flags.BoolVar(&o.dryRun, "dry-run", false, "show the baseline, and change no file")
	return cmd
}

func runSquash(ctx context.Context, f *factory.Factory, a *app.App, s *scratch.Server, o squashFlags) error {
	squash, err := a.Squash(ctx, s, o.to, o.name)
	if err != nil {
		return err
	}
	if !o.dryRun {
		if !o.yes {
			sure, err := f.Term.Confirm(ctx, fmt.Sprintf("Put %s in the place of %s, from %s to %s?", squash.File, term.Count(len(squash.Replaces), "file"),
				squash.Replaces[0], squash.Replaces[len(squash.Replaces)-1]))
			if err != nil || !sure {
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
