// Package authcmd implements `krowoc auth`.
package authcmd

import (
	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

// New returns the command with its verbs.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "auth", Short: "Show who may do what"}
	cmd.AddCommand(newMatrix(f), newExplain(f))
	return cmd
}
