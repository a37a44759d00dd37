package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
)

// maxTextWidth is the widest that prose is printed: longer lines are hard to read.
const maxTextWidth = 100

// writeHelp prints what a command does, how to call it, and its flags. It uses colour on a terminal only.
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
	b.WriteString(wrap(strings.TrimSpace(about), min(t.Width, maxTextWidth)))
	var use []string
	if strings.Contains(cmd.Use, " ") || !cmd.HasAvailableSubCommands() { // a group takes no arguments itself
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

// wrap breaks paragraphs into lines of at most width characters. Lines that begin with a space keep their own breaks.
func wrap(text string, width int) string {
	var b strings.Builder
	used := 0
	for line := range strings.Lines(text) {
		verbatim := strings.HasPrefix(line, " ") || (strings.TrimSpace(line) == "")
		if verbatim && (used > 0) {
			b.WriteString("\n")
			used = 0
		}
		if verbatim {
			b.WriteString(strings.TrimRight(line, "\n") + "\n")
			continue
		}
		for _, word := range strings.Fields(line) {
			length := utf8.RuneCountInString(word)
			switch {
			case used == 0:
			case used+1+length > width:
				b.WriteString("\n")
				used = 0
			default:
				b.WriteString(" ")
				used++
			}
			b.WriteString(word)
			used += length
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// commandLines lists the commands of one group, aligned.
func commandLines(s term.Styles, parent *cobra.Command, group string) string {
	var b strings.Builder
	for _, c := range parent.Commands() {
		visible := c.IsAvailableCommand() || (c.Name() == "help")
		if (c.GroupID == group) && visible {
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

// newHelp returns `krowoc help COMMAND…`, which prints the same as COMMAND --help.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		GroupID: otherGroup,
		Short:   "Show the help of a command",
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
