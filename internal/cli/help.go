package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
)

// writeHelp prints what a command does, how it is called, and its flags; in colour on a terminal only.
func writeHelp(t *term.Terminal, cmd *cobra.Command) {
	s := t.Styles()
	var b strings.Builder
	about := cmd.Long
	if about == "" {
		about = cmd.Short + "."
	}
	section := func(title, body string) {
		if body = strings.Trim(body, "\n"); body != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", s.Bold.Render(title), body)
		}
	}
	b.WriteString(strings.TrimSpace(about) + "\n")
	var use []string
	if strings.Contains(cmd.Use, " ") || !cmd.HasAvailableSubCommands() { // a group takes no arguments of its own
		use = append(use, "  "+cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		use = append(use, "  "+cmd.CommandPath()+" COMMAND [flags]")
	}
	section("Usage", strings.Join(use, "\n"))
	for _, g := range cmd.Groups() {
		section(g.Title, commandLines(s, cmd, g.ID))
	}
	if len(cmd.Groups()) == 0 {
		section("Commands", commandLines(s, cmd, ""))
	}
	if cmd.Example != "" {
		section("Examples", exampleLines(s, cmd.Example))
	}
	section("Flags", cmd.LocalNonPersistentFlags().FlagUsagesWrapped(t.Width))
	section("Global flags", cmd.Root().PersistentFlags().FlagUsagesWrapped(t.Width))
	fmt.Fprint(t.Out, b.String())
}

// commandLines lists the commands of one group, aligned.
func commandLines(s term.Styles, parent *cobra.Command, group string) string {
	var b strings.Builder
	for _, c := range parent.Commands() {
		if c.GroupID == group && (c.IsAvailableCommand() || c.Name() == "help") {
			name := fmt.Sprintf("%-*s", parent.NamePadding(), c.Name())
			fmt.Fprintf(&b, "  %s  %s\n", s.Accent.Render(name), c.Short)
		}
	}
	return b.String()
}

func exampleLines(s term.Styles, example string) string {
	var b strings.Builder
	for line := range strings.Lines(example) {
		fmt.Fprintf(&b, "  %s\n", s.Accent.Render(strings.TrimSpace(line)))
	}
	return b.String()
}

// newHelp is `krowoc help COMMAND…`, the same as COMMAND --help.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		GroupID: "more",
		Short:   "Show what a command does and how it is called",
		Example: "krowoc help config show",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			at := cmd.Root()
			for _, name := range args {
				i := slices.IndexFunc(at.Commands(), func(c *cobra.Command) bool { return c.Name() == name || c.HasAlias(name) })
				if i < 0 {
					return &factory.UsageError{Err: unknownCommand(at, name)}
				}
				at = at.Commands()[i]
			}
			at.InitDefaultHelpFlag()
			at.InitDefaultVersionFlag()
			return at.Help()
		},
	}
}
