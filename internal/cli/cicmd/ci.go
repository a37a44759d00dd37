// Package cicmd implements `krowoc ci`.
package cicmd

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
)

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	var o app.CIOptions
	var junit, sarif string
	cmd := &cobra.Command{
		Use:   "ci",
		Short: "Run every check of the project, for a CI pipeline",
		Long: `Run every check of the project and print one verdict. The steps check that:
  - the configuration and the schema are valid
  - generated files are up to date
  - migrations pass "migrate lint" and "migrate verify"
  - migrations build the schema
  - seeds load into a scratch database

Independent steps run in parallel. In krowoc.yaml, ci.skip leaves out steps and ci.steps adds commands.

The exit code is 3 when a check finds a problem and 1 when a step cannot run.`,
		Example: "krowoc ci\nkrowoc ci --since origin/main --output github --junit krowoc.xml --sarif krowoc.sarif",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			began := time.Now()
			o.Scratch.Progress = f.Fetching()
			o.Report = func(s app.CIStep) {
				if f.Term.Format != term.JSON {
					fmt.Fprintln(f.Term.Err, stepLine(f.Term, s))
				}
			}
			steps, err := a.CI(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := files(f, steps, junit, sarif); err != nil {
				return err
			}
			if err := show(f.Term, steps, time.Since(began)); err != nil {
				return err
			}
			return verdict(steps)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Since, "since", "", "lint and verify only migrations that changed since this git `revision`; example: origin/main")
	flags.StringVar(&junit, "junit", "", "write the results of the steps to `file` as JUnit XML")
	flags.StringVar(&sarif, "sarif", "", "write the findings to `file` as SARIF")
	factory.ScratchFlags(flags, &o.Scratch, "url")
	f.Output(flags, term.GitHub)
	return cmd
}

func stepLine(t *term.Terminal, s app.CIStep) string {
	styles := t.ErrStyles()
	mark := styles.Good.Render("✓")
	if !s.OK {
		mark = styles.Bad.Render("✗")
	}
	return fmt.Sprintf("%s %s  %s", mark, s.Name, styles.Faint.Render(s.Summary))
}

func show(t *term.Terminal, steps []app.CIStep, took time.Duration) error {
	if t.Format == term.GitHub {
		return term.WriteGitHub(t.Out, remarks(steps))
	}
	result := struct {
		OK         bool         `json:"ok"`
		DurationMs float64      `json:"durationMs"`
		Steps      []app.CIStep `json:"steps"`
	}{true, float64(took.Microseconds()) / 1000, steps}
	for _, s := range steps {
		result.OK = result.OK && s.OK
	}
	return t.Result(result, func() error {
		for _, s := range steps {
			for _, r := range s.Remarks {
				if r.Level != "info" {
					fmt.Fprintf(t.Out, "%s:%d:%d: %s: %s: %s\n", r.File, max(r.Line, 1), max(r.Column, 1), r.Level, r.Rule, r.Message)
				}
			}
		}
		table := t.NewTable("STEP", "", "TIME", "")
		for _, s := range steps {
			verdict := "ok"
			if !s.OK {
				verdict = "failed"
			}
			table.Row(s.Name, verdict, duration(s.DurationMs), s.Summary)
		}
		return table.Flush()
	})
}

func duration(ms float64) string {
	return fmt.Sprintf("%.0f ms", ms)
}

func remarks(steps []app.CIStep) (out []term.Remark) {
	for _, s := range steps {
		for _, r := range s.Remarks {
			out = append(out, term.Remark{Rule: r.Rule, Level: r.Level, File: r.File, Line: max(r.Line, 1), Column: max(r.Column, 1), Message: r.Message})
		}
		if !s.OK && len(s.Remarks) == 0 {
			out = append(out, term.Remark{Rule: s.Name, Level: "error", File: "krowoc.yaml", Line: 1, Column: 1, Message: s.Summary})
		}
	}
	return out
}

// files writes the reports that --junit and --sarif ask for.
func files(f *factory.Factory, steps []app.CIStep, junit, sarif string) error {
	var cases []term.TestCase
	for _, s := range steps {
		c := term.TestCase{Name: s.Name, Seconds: s.DurationMs / 1000}
		if !s.OK {
			c.Failure = s.Summary
			for _, r := range s.Remarks {
				c.Failure += fmt.Sprintf("\n%s:%d: %s", r.File, r.Line, r.Message)
			}
		}
		cases = append(cases, c)
	}
	var rules []term.RemarkRule
	seen := map[string]bool{}
	for _, r := range remarks(steps) {
		if !seen[r.Rule] {
			seen[r.Rule] = true
			rules = append(rules, term.RemarkRule{ID: r.Rule, Level: r.Level, Summary: r.Rule})
		}
	}
	for _, report := range []struct {
		path  string
		write func(io.Writer) error
	}{
		{junit, func(w io.Writer) error { return term.WriteJUnit(w, "krowoc ci", cases) }},
		{sarif, func(w io.Writer) error { return term.WriteSARIF(w, f.Build.Version, rules, remarks(steps)) }},
	} {
		if report.path == "" {
			continue
		}
		path := report.path
		if !filepath.IsAbs(path) {
			path = filepath.Join(f.WorkDir(), path)
		}
		if err := writeFile(path, report.write); err != nil {
			return fault.Wrap("write "+report.path, err)
		}
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	return write(file)
}

func verdict(steps []app.CIStep) error {
	bad := 0
	for _, s := range steps {
		if s.Err != nil {
			return s.Err
		}
		if !s.OK {
			bad++
		}
	}
	if bad == 0 {
		return nil
	}
	return fault.New(fault.CheckFailed, "check the project", fmt.Sprintf("%d of %s failed", bad, term.Count(len(steps), "step")))
}
