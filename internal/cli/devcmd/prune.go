package devcmd

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/container"
	"github.com/krowoc/krowoc/internal/dev/stack"
	"github.com/krowoc/krowoc/internal/fault"
)

// pruned is what `dev prune --output json` prints.
type pruned struct {
	Removed []stack.Leftover `json:"removed"`
}

func newPrune(f *factory.Factory) *cobra.Command {
	var all, yes bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove containers, volumes and data that sessions left behind",
		Long: `Remove containers that are still running without a session, and the volumes and data of projects that no longer exist. The
command lists everything with its size and asks before it removes anything.

With --all, it also removes the volumes of every project that has no running session, including the databases in them, and the
downloaded Postgres.

Only containers and volumes with the label of krowoc are removed, and data folders that krowoc created outside of a project.`,
		Example: "krowoc dev prune\nkrowoc dev prune --all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			list, err := a.Stack().Leftovers(cmd.Context(), all)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				fmt.Fprintln(f.Term.Err, "nothing to remove")
				return f.Term.Result(pruned{list}, func() error { return nil })
			}
			if !yes {
				fmt.Fprintln(f.Term.Err, leftovers(list))
				sure, err := f.Term.Confirm(cmd.Context(), "Remove them? Their data is lost.")
				if err != nil {
					return err
				}
				if !sure {
					return fault.New(fault.Canceled, "remove leftovers", "nothing was changed")
				}
			}
			if err := a.Stack().Prune(cmd.Context(), list); err != nil {
				return err
			}
			return f.Term.Result(pruned{list}, func() error {
				_, err := fmt.Fprintln(f.Term.Out, leftovers(list))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also remove the volumes of projects without a running session, and downloaded binaries")
	factory.YesFlag(cmd.Flags(), &yes)
	return cmd
}

// leftovers is one line for each leftover, and the sum of their sizes.
func leftovers(list []stack.Leftover) string {
	text, sum := "", int64(0)
	for _, l := range list {
		size := ""
		if l.Size >= 0 {
			size = fmt.Sprintf("%.1f MB", float64(l.Size)/1e6)
			sum += l.Size
		}
		text += fmt.Sprintf("%-9s  %-40s  %9s  %s\n", l.Kind, l.Name, size, l.Of)
	}
	return text + fmt.Sprintf("%.1f MB", float64(sum)/1e6)
}

// newGuard returns the command of a process that removes a container when the session that started it is killed. A line on
// standard input ends the process without effect. When standard input ends without a line, it removes the container.
func newGuard(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "guard CONTAINER", Short: "Remove a container when standard input ends", Hidden: true, Args: cobra.ExactArgs(1),
		Example: "krowoc dev guard krowoc-shop-postgres",
		RunE: func(cmd *cobra.Command, args []string) error {
			if bufio.NewScanner(f.Term.In).Scan() {
				return nil
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			return container.Remove(cmd.Context(), a.Logger, container.Owned{Kind: "container", Name: args[0]})
		},
	}
}
