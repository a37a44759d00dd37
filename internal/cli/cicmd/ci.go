// Package cicmd implements `krowoc ci`.
package cicmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/app/ci"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// New returns the command.
func New(f *factory.Factory) *cobra.Command {
	var o ci.Options
	var junit, sarif string
	cmd := &cobra.Command{
		Use:   "ci",
		Short: "Run every check of the project, for a CI pipeline",
		Long: `Run every check of the project and print one verdict. The steps check that:
  - the configuration and the schema are valid
  - generated files are up to date
  - migrations pass "migrate lint" and "migrate verify"
  - migrations match the schema
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
			o.Report = func(s ci.Step) {
				if f.Term.Format != term.JSON {
					fmt.Fprintln(f.Term.Err, stepLine(f.Term, s))
				}
			}
			compare(a, &o)
			steps, err := ci.Run(cmd.Context(), a, o)
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

// compare gives the steps the comparisons of the schema with its migrations and with its earlier self.
func compare(a *app.App, o *ci.Options) {
	o.Missing = func(ctx context.Context, s *scratch.Server) (ci.Missing, error) {
		plan, err := change.Diff(ctx, a, s, ddl.PlanOptions{})
		missing := ci.Missing{Migrations: len(plan.Files)}
		for _, l := range plan.LeftOut {
			missing.LeftOut = append(missing.LeftOut, l.Object+": "+l.Reason)
		}
		return missing, err
	}
	o.Changes = func(ctx context.Context, s *scratch.Server) (ci.Changes, error) {
		radius, err := change.RadiusSince(ctx, a, s, o.Since, a.Config.CI.Operations)
		return ci.Changes{List: radius.Changes, Operations: radius.Diagnostics()}, err
	}
}

func stepLine(t *term.Terminal, s ci.Step) string {
	styles := t.ErrStyles()
	mark := styles.Good.Render("✓")
	if !s.OK {
		mark = styles.Bad.Render("✗")
	}
	return fmt.Sprintf("%s %s  %s", mark, s.Name, styles.Faint.Render(s.Summary))
}

func show(t *term.Terminal, steps []ci.Step, took time.Duration) error {
	if t.Format == term.GitHub {
		return term.WriteGitHub(t.Out, findings(steps))
	}
	result := reportOf(steps, took)
	return t.Result(result, func() error {
		for _, s := range steps {
			for _, d := range s.Findings {
				if d.Severity != diag.Info {
					fmt.Fprintf(t.Out, "%s:%d:%d: %s: %s: %s\n", d.File, max(d.Line, 1), max(d.Column, 1), d.Severity, d.Code, d.Message)
				}
			}
		}
		table := t.NewTable("STEP", "", "TIME", "")
		for _, s := range steps {
			verdict := "ok"
			if !s.OK {
				verdict = "failed"
			}
			table.Row(s.Name, verdict, fmt.Sprintf("%.0f ms", milliseconds(s.Took)), s.Summary)
		}
		return table.Flush()
	})
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// findings are those of all steps. A step that failed without any counts as one of the configuration.
func findings(steps []ci.Step) (out []diag.Diagnostic) {
	for _, s := range steps {
		out = append(out, s.Findings...)
		if !s.OK && len(s.Findings) == 0 {
			out = append(out, diag.Diagnostic{Severity: diag.Error, Code: s.Name, Position: diag.Position{File: "krowoc.yaml", Line: 1}, Message: s.Summary})
		}
	}
	return out
}

// files writes the reports that were asked for.
func files(f *factory.Factory, steps []ci.Step, junit, sarif string) error {
	var cases []term.TestCase
	for _, s := range steps {
		c := term.TestCase{Name: s.Name, Seconds: milliseconds(s.Took) / 1000}
		if !s.OK {
			c.Failure = s.Summary
			for _, d := range s.Findings {
				c.Failure += fmt.Sprintf("\n%s:%d: %s", d.File, d.Line, d.Message)
			}
		}
		cases = append(cases, c)
	}
	var rules []term.Rule
	seen := map[string]bool{}
	for _, d := range findings(steps) {
		if !seen[d.Code] {
			seen[d.Code] = true
			rules = append(rules, term.Rule{ID: d.Code, Level: string(d.Severity), Summary: d.Code})
		}
	}
	for _, report := range []struct {
		path  string
		write func(io.Writer) error
	}{
		{junit, func(w io.Writer) error { return term.WriteJUnit(w, "krowoc ci", cases) }},
		{sarif, func(w io.Writer) error { return term.WriteSARIF(w, f.Build.Version, rules, findings(steps)) }},
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

func verdict(steps []ci.Step) error {
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
