// Package apicmd implements `krowoc api`.
package apicmd

import (
	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "api", Short: "Show what operations of the API run and cost"}
	cmd.AddCommand(newExplain(f))
	return cmd
}
