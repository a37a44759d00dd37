// Package doctorcmd implements `krowoc doctor`.
package doctorcmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app/doctor"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

// findings is what `doctor --output json` prints.
type findings struct {
	OK       bool             `json:"ok"`
	Findings []doctor.Finding `json:"findings"`
}

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	var fix bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the project and this machine, and suggest fixes",
		Long: `Check the project and this machine: schema, migrations, seeds, models, git, Postgres and its client programs, Redis, Docker
and its images, disk space, the address of the API, and the front end. Every problem comes with a fix. --fix applies the fixes
that need no decision from you.

The exit code is 3 when a problem remains. Warnings do not change the exit code.`,
		Example: "krowoc doctor\nkrowoc doctor --fix",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			result := findings{OK: true, Findings: doctor.Run(cmd.Context(), a, fix)}
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
				return fault.New(fault.CheckFailed, "check the project", term.Count(problems, "problem"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&fix, "fix", false, "apply the fixes that need no decision from you")
	return cmd
}

func show(t *term.Terminal, list []doctor.Finding) {
	s := t.Styles()
	marks := map[string]string{"ok": s.Good.Render("✓"), "warning": s.Warn.Render("!"), "problem": s.Bad.Render("✗")}
	for _, f := range list {
		fixed := ""
		if f.Fixed {
			fixed = s.Faint.Render(" (fixed)")
		}
		fmt.Fprintf(t.Out, "%s %s: %s%s\n", marks[f.Status], s.Bold.Render(f.Name), f.Found, fixed)
		if f.Remedy != "" {
			fmt.Fprintf(t.Out, "    %s\n", s.Faint.Render(f.Remedy))
		}
	}
}
