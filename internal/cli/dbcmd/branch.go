package dbcmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/fault"
)

func newBranch(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "branch",
		Short: "The development databases of git's branches",
		Long: `With dev.branching in krowoc.yaml each branch of git has a development database of its own, and "krowoc dev" switches with
git. That of a new branch is a copy of the one of the branch before.`,
	}
	cmd.AddCommand(newBranchList(f),
		onBranch(f, "create BRANCH", "Copy the database for a branch, which has it when it is checked out", (*app.App).CreateBranch),
		onBranch(f, "delete BRANCH", "Drop the database of a branch that is not checked out", (*app.App).DeleteBranch),
		newBranchReset(f))
	return cmd
}

// branches is what `db branch list --output json` prints.
type branches struct {
	Branches []app.Branch `json:"branches"`
}

func newBranchList(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the branches that have a database", Example: "krowoc db branch list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd.Context(), f, func(a *app.App, db *app.Database) error {
				list, err := a.Branches(cmd.Context(), db)
				if err != nil {
					return err
				}
				return f.Term.Result(branches{list}, func() error {
					for _, b := range list {
						fmt.Fprintf(f.Term.Out, "%s\t%s\t%s\n", map[bool]string{true: "*"}[b.Current], b.Name, megabytes(b.Size))
					}
					return nil
				})
			})
		},
	}
}

// onBranch is a verb that does something with the database of one branch.
func onBranch(f *factory.Factory, use, short string, do func(*app.App, context.Context, *app.Database, string) error) *cobra.Command {
	verb, _, _ := strings.Cut(use, " ")
	return &cobra.Command{
		Use: use, Short: short, Example: "krowoc db branch " + verb + " feature/votes", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withDatabase(cmd.Context(), f, func(a *app.App, db *app.Database) error { return do(a, cmd.Context(), db, args[0]) })
		},
	}
}

func newBranchReset(f *factory.Factory) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "reset", Short: "Make the database of this branch anew: migrations and seeds", Example: "krowoc db branch reset --yes", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return withDatabase(ctx, f, func(a *app.App, db *app.Database) error {
				if !yes {
					ok, err := f.Term.Confirm(ctx, "Make the development database of this branch anew? What is in it is lost.")
					if err != nil {
						return err
					}
					if !ok {
						return fault.New(fault.Canceled, "make the database anew", "nothing was changed")
					}
				}
				return a.ResetBranch(ctx, db)
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
