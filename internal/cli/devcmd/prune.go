package devcmd

import (
	"bufio"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/container"
	"github.com/krowoc/krowoc/internal/fault"
)

// pruned is what `dev prune --output json` prints.
type pruned struct {
	Removed []app.Leftover `json:"removed"`
}

func newPrune(f *factory.Factory) *cobra.Command {
	var all, yes bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove what sessions have left on this machine",
		Long: `Remove containers that were left running, and volumes and data of projects that are gone, with their sizes. With --all,
also the volumes of every project whose session does not run, with the databases in them, and the Postgres that was
fetched. Only containers and volumes with krowoc's label are ever touched, and the data folders that krowoc made where
root's project is in a folder that Postgres cannot reach.`,
		Example: "krowoc dev prune\nkrowoc dev prune --all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			list, err := a.Leftovers(cmd.Context(), all)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				fmt.Fprintln(f.Term.Err, "there is nothing to remove")
				return f.Term.Result(pruned{list}, func() error { return nil })
			}
			if !yes {
				fmt.Fprintln(f.Term.Err, leftovers(list))
				sure, err := f.Term.Confirm(cmd.Context(), "Remove them? What is in them is lost.")
				if err != nil {
					return err
				}
				if !sure {
					return fault.New(fault.Canceled, "remove what is left", "nothing was changed")
				}
			}
			if err := a.Prune(cmd.Context(), list); err != nil {
				return err
			}
			return f.Term.Result(pruned{list}, func() error {
				_, err := fmt.Fprintln(f.Term.Out, leftovers(list))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also volumes of projects whose session does not run, and fetched binaries")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// leftovers is a line for each, and the sum.
func leftovers(list []app.Leftover) string {
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

// newGuard is the process that outlives a session which is killed, to remove a container that it has started. It ends with a line
// on its standard input, and does its work when that ends without one.
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
