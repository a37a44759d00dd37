package dbcmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/branch"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/dev/copies"
	"github.com/krowoc/krowoc/internal/fault"
)

func newBranch(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "branch",
		Short: "Manage one development database per git branch",
		Long: `Manage one development database per git branch. When you check out another branch, "krowoc dev" switches to its database. The
database of a new branch starts as a copy of that of the branch you came from. dev.branching: false in krowoc.yaml turns this off.`,
	}
	cmd.AddCommand(newBranchList(f),
		onBranch(f, "create BRANCH", "Copy the current database for a branch before you check it out", (*copies.Branches).Create),
		onBranch(f, "delete BRANCH", "Drop the database of a branch that is not checked out", (*copies.Branches).Delete),
		newBranchReset(f))
	return cmd
}

// branches is what `db branch list --output json` prints.
type branches struct {
	Branches []copies.Branch `json:"branches"`
}

func newBranchList(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the branches that have a database", Example: "krowoc db branch list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd.Context(), f, func(a *app.App, db *app.Database) error {
				of, err := a.Branches(db)
				if err != nil {
					return err
				}
				list, err := of.List(cmd.Context())
				if err != nil {
					return err
				}
				return f.Term.Result(branches{list}, func() error {
					for _, b := range list {
						mark := ""
						if b.Current {
							mark = "*"
						}
						fmt.Fprintf(f.Term.Out, "%s\t%s\t%s\n", mark, b.Name, megabytes(b.Size))
					}
					return nil
				})
			})
		},
	}
}

// onBranch returns a verb that acts on the database of one branch.
func onBranch(f *factory.Factory, use, short string, do func(*copies.Branches, context.Context, string) error) *cobra.Command {
	verb, _, _ := strings.Cut(use, " ")
	return &cobra.Command{
		Use: use, Short: short, Example: "krowoc db branch " + verb + " feature/votes", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDatabase(cmd.Context(), f, func(a *app.App, db *app.Database) error {
				of, err := a.Branches(db)
				if err != nil {
					return err
				}
				db.Reset() // a database with connections cannot be copied
				return do(of, cmd.Context(), args[0])
			})
		},
	}
}

func newBranchReset(f *factory.Factory) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "reset", Short: "Recreate the database of this branch from migrations and seeds", Example: "krowoc db branch reset --yes", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return withDatabase(ctx, f, func(a *app.App, db *app.Database) error {
				if !yes {
					ok, err := f.Term.Confirm(ctx, "Recreate the development database of this branch? Its data is lost.")
					if err != nil {
						return err
					}
					if !ok {
						return fault.New(fault.Canceled, "recreate the database", "nothing was changed")
					}
				}
				return branch.Reset(ctx, a, db)
			})
		},
	}
	factory.YesFlag(cmd.Flags(), &yes)
	return cmd
}
