// Package configcmd implements `krowoc config`.
package configcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/config"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show and check krowoc.yaml",
		Long: `Show and check the configuration: krowoc.yaml, KROWOC_* variables and flags.

The first of these that sets a key wins:
  1. a flag
  2. a KROWOC_* variable
  3. the block of the environment in krowoc.yaml
  4. the base of krowoc.yaml
  5. the default`,
	}
	cmd.AddCommand(newShow(f), newCheck(f), newSchema(f))
	return cmd
}

// shown is what `config show --output json` prints.
type shown struct {
	Environment string           `json:"environment"`
	File        string           `json:"file"`
	Settings    []config.Setting `json:"settings"`
}

func newShow(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Print every setting, its value and its origin; secrets are masked",
		Example: `krowoc config show
krowoc config show --env production
krowoc config show --output json | jq '.settings[] | select(.origin.source != "default")'`,
		RunE: func(*cobra.Command, []string) error {
			c, err := f.Config()
			if err != nil {
				return err
			}
			report := shown{c.Environment, c.File, c.Settings()}
			return f.Term.Result(report, func() error { return show(f, report) })
		},
	}
}

func show(f *factory.Factory, r shown) error {
	t := f.Term
	fmt.Fprintf(t.Err, "environment %s, %s\n", t.ErrStyles().Bold.Render(r.Environment), r.File)
	table := t.NewTable("KEY", "VALUE", "FROM")
	for _, s := range r.Settings {
		table.Row(s.Key, s.Text(), s.Origin)
	}
	return table.Flush()
}
