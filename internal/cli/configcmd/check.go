package configcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/diag"
)

// checked is what `config check --output json` prints for a valid configuration.
type checked struct {
	OK          bool      `json:"ok"`
	Environment string    `json:"environment"`
	File        string    `json:"file"`
	Warnings    diag.List `json:"warnings"`
}

func newCheck(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check krowoc.yaml and the variables that an environment needs",
		Long: `Check krowoc.yaml, KROWOC_* variables and, in development, .env. The command checks the blocks of all environments.
Variables that ${…} refers to need to be set for the chosen environment only. The exit code is 2 when the configuration is
invalid.`,
		Example: "krowoc config check\nkrowoc config check --env production",
		RunE: func(*cobra.Command, []string) error {
			c, err := f.Config()
			if err != nil {
				return err
			}
			report := checked{true, c.Environment, c.File, append(diag.List{}, c.Warnings...)}
			return f.Term.Result(report, func() error {
				_, err := fmt.Fprintf(f.Term.Out, "%s is valid for %s\n", c.File, c.Environment)
				return err
			})
		},
	}
}

func newSchema(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of krowoc.yaml, for editors",
		Long: `Print the JSON Schema (draft 2020-12) of krowoc.yaml. An editor with a YAML language server uses it when krowoc.yaml begins
with this line:
  # yaml-language-server: $schema=PATH-OR-URL`,
		Example: "krowoc config schema > krowoc.schema.json",
		RunE: func(*cobra.Command, []string) error {
			_, err := f.Term.Out.Write(config.JSONSchema())
			return err
		},
	}
}
