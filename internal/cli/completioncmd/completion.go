// Package completioncmd implements `krowoc completion`.
package completioncmd

import (
	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
)

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a completion script for your shell",
		Example: `source <(krowoc completion bash)
krowoc completion zsh > "${fpath[1]}/_krowoc"
krowoc completion fish > ~/.config/fish/completions/krowoc.fish
krowoc completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: []cobra.Completion{"bash", "zsh", "fish", "powershell"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "zsh":
				return root.GenZshCompletion(f.Term.Out)
			case "fish":
				return root.GenFishCompletion(f.Term.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(f.Term.Out)
			}
			return root.GenBashCompletionV2(f.Term.Out, true)
		},
	}
}
