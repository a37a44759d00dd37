package dbcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/dev/copies"
	"github.com/krowoc/krowoc/internal/fault"
)

func newSnapshot(f *factory.Factory) *cobra.Command {
	var drop bool
	cmd := &cobra.Command{
		Use:   "snapshot NAME",
		Short: "Take a snapshot of the development database",
		Long: `Copy the development database on its own server, so that "krowoc db restore" can restore it later. An existing snapshot of
the same name is replaced. Open connections to the database are closed for a moment.`,
		Example: "krowoc db snapshot before-import\nkrowoc db restore before-import\nkrowoc db snapshot before-import --delete",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return withDatabase(ctx, f, func(a *app.App, db *app.Database) error {
				snapshots, err := a.Snapshots(db)
				if err != nil {
					return err
				}
				if drop {
					return snapshots.Drop(ctx, args[0])
				}
				began := f.Term.Now()
				s, err := snapshots.Take(ctx, args[0])
				if err != nil {
					return err
				}
				return f.Term.Result(s, func() error {
					_, err := fmt.Fprintf(f.Term.Out, "%s: %s, in %d ms\n", s.Name, megabytes(s.Size), f.Term.Now().Sub(began).Milliseconds())
					return err
				})
			})
		},
	}
	cmd.Flags().BoolVar(&drop, "delete", false, "delete the snapshot instead of taking one")
	return cmd
}

// snapshots is what `db snapshots --output json` prints.
type snapshots struct {
	Snapshots []copies.Snapshot `json:"snapshots"`
}

func newSnapshots(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "snapshots",
		Short:   "List snapshots and their sizes",
		Example: "krowoc db snapshots",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd.Context(), f, func(a *app.App, db *app.Database) error {
				of, err := a.Snapshots(db)
				if err != nil {
					return err
				}
				list, err := of.List(cmd.Context())
				if err != nil {
					return err
				}
				return f.Term.Result(snapshots{list}, func() error {
					for _, s := range list {
						fmt.Fprintf(f.Term.Out, "%s\t%s\n", s.Name, megabytes(s.Size))
					}
					if len(list) == 0 {
						fmt.Fprintln(f.Term.Err, "there are no snapshots; take one with: krowoc db snapshot NAME")
					}
					return nil
				})
			})
		},
	}
}

func newRestore(f *factory.Factory) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:     "restore NAME",
		Short:   "Replace the development database with a snapshot",
		Example: "krowoc db restore before-import",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return withDatabase(ctx, f, func(a *app.App, db *app.Database) error {
				if !yes {
					ok, err := f.Term.Confirm(ctx, "Replace the development database with the snapshot "+args[0]+"? Changes since the snapshot are lost.")
					if err != nil {
						return err
					}
					if !ok {
						return fault.New(fault.Canceled, "restore the snapshot", "nothing was changed")
					}
				}
				began := f.Term.Now()
				snapshots, err := a.Snapshots(db)
				if err != nil {
					return err
				}
				s, err := snapshots.Restore(ctx, args[0])
				if err != nil {
					return err
				}
				return f.Term.Result(s, func() error {
					_, err := fmt.Fprintf(f.Term.Out, "restored %s in %d ms\n", s.Name, f.Term.Now().Sub(began).Milliseconds())
					return err
				})
			})
		},
	}
	factory.YesFlag(cmd.Flags(), &yes)
	return cmd
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
