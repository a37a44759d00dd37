package authcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/schema/access"
)

func newMatrix(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "matrix",
		Short: "Show which callers may read and write what",
		Long: `Show what the @auth rules of the schema allow: a line for the operations on each type, and on each field with rules of its own, and
a column for each kind of caller. The command only reads the schema.

A cell is yes (every row), no, or the numbers of conditions of which one has to hold. "authenticated" is a signed-in user on
rows of others, "owner" the same user, own rows included. "role" and "tier" are a signed-in user who has it, own rows included.
"service" is the project's own service, to which no rules apply.`,
		Example: "krowoc auth matrix\nkrowoc auth matrix --output markdown > access.md\n" +
			`krowoc auth matrix --output json | jq '.rows[] | select(.type == "Prompt")'`,
		RunE: func(*cobra.Command, []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			s, err := a.Schema()
			if err != nil {
				return err
			}
			m := access.Of(s)
			if f.Term.Format == term.Markdown {
				_, err := fmt.Fprint(f.Term.Out, m.Markdown())
				return err
			}
			return f.Term.Result(m, func() error { return showMatrix(f.Term, m.Table()) })
		},
	}
	f.Output(cmd.Flags(), term.Markdown)
	return cmd
}

func showMatrix(t *term.Terminal, m access.Table) error {
	s := t.Styles()
	table := t.NewTable(append([]string{"", ""}, m.Header...)...)
	for _, l := range m.Lines {
		row := []any{l.Subject, l.Operations}
		for _, c := range l.Cells {
			switch c {
			case string(access.Yes):
				row = append(row, term.Cell{Text: c, Style: s.Good})
			case string(access.No):
				row = append(row, term.Cell{Text: c, Style: s.Faint})
			default:
				row = append(row, term.Cell{Text: c, Style: s.Warn})
			}
		}
		table.Row(row...)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i, c := range m.Conditions {
		fmt.Fprintf(t.Out, "%3d. %s\n", i+1, c)
	}
	return nil
}
