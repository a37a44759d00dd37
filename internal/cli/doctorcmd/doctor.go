// Package doctorcmd is `krowoc doctor`.
package doctorcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

// findings is what `doctor --output json` prints.
type findings struct {
	OK       bool          `json:"ok"`
	Findings []app.Finding `json:"findings"`
}

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	var fix bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at the project and the machine, and say how to mend what is wrong",
		Long: `Look at what the project needs, of itself and of the machine: schema, migrations, seeds, models, git, Postgres, its
client programs, Redis, Docker and its images, space on the disk, the address of the API and the front end. Each thing that is wrong comes with its remedy, and --fix
mends what can be mended without a question. Exit code 3 when a problem is left; warnings alone are fine.`,
		Example: "krowoc doctor\nkrowoc doctor --fix",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			result := findings{OK: true, Findings: a.Doctor(cmd.Context(), fix)}
			problems := 0
			for _, found := range result.Findings {
				if found.Status == "problem" {
					problems++
				}
			}
			result.OK = problems == 0
			if err := f.Term.Result(result, func() error { show(f.Term, result.Findings); return nil }); err != nil {
				return err
			}
			if problems > 0 {
				return fault.New(fault.CheckFailed, "look at the project", term.Count(problems, "problem"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&fix, "fix", false, "mend what can be mended")
	return cmd
}

func show(t *term.Terminal, list []app.Finding) {
	s := t.Styles()
	marks := map[string]string{"ok": s.Good.Render("✓"), "warning": s.Warn.Render("!"), "problem": s.Bad.Render("✗")}
	for _, f := range list {
		fmt.Fprintf(t.Out, "%s %s: %s%s\n", marks[f.Status], s.Bold.Render(f.Name), f.Found, map[bool]string{true: s.Faint.Render(" (mended)")}[f.Fixed])
		if f.Remedy != "" {
			fmt.Fprintf(t.Out, "    %s\n", s.Faint.Render(f.Remedy))
		}
	}
}
