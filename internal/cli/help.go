package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

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
	use := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		use = cmd.CommandPath() + " COMMAND [flags]"
	}
	section("Usage", "  "+use)
	for _, g := range cmd.Groups() {
		section(g.Title, commandLines(s, cmd, g.ID))
	}
	if len(cmd.Groups()) == 0 {
		section("Commands", commandLines(s, cmd, ""))
	}
	if cmd.Example != "" {
		section("Examples", "  "+strings.ReplaceAll(s.Accent.Render(cmd.Example), "\n", "\n  "))
	}
	section("Flags", cmd.LocalNonPersistentFlags().FlagUsagesWrapped(t.Width))
	if cmd.HasParent() {
		section("Global flags", cmd.InheritedFlags().FlagUsagesWrapped(t.Width))
	} else {
		section("Global flags", cmd.PersistentFlags().FlagUsagesWrapped(t.Width))
	}
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
