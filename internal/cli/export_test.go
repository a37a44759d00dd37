package cli

import (
	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
)

// Internals of the package that tests use.
var (
	ExitCode = exitCode
	Report   = report
)

// NewRoot returns the tree of commands over buffers.
func NewRoot() *cobra.Command {
	t, _, _ := term.Test(nil)
	return newRoot(factory.New(t, factory.Build{}, ".", nil), new(bool))
}
