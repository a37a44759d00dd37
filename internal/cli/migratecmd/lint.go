package migratecmd

import (
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/migrate/lint"
)

// The major versions of Postgres that --pg-version accepts.
const oldestPostgres, newestPostgres = 11, 99

func newLint(f *factory.Factory) *cobra.Command {
	var since string
	var postgres int
	var listRules bool
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Find dangerous statements in the migrations",
		Long: `Find statements that break clients, rewrite or lock tables, depend on the data, or cannot be rolled back. Each finding shows
the safe alternative as SQL. The command parses the migrations with Postgres's own parser and takes earlier statements and files
into account: an index on a table that the same file creates is safe. It needs no database.

To silence a rule, put a comment with a reason above the statement:
  -- +krowoc ignore drop-table: nothing has read it since March

The block lint of krowoc.yaml changes severities. The exit code is 3 when a finding is at least a warning (lint.failOn).`,
		Example: "krowoc migrate lint\nkrowoc migrate lint --since origin/main --output github\nkrowoc migrate lint --rules",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if listRules {
				return showRules(f.Term)
			}
			supported := (postgres >= oldestPostgres) && (postgres <= newestPostgres)
			if (postgres != 0) && !supported {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate lint",
					fmt.Sprintf("--pg-version must be a major version from %d to %d; it is %d", oldestPostgres, newestPostgres, postgres), "example: --pg-version 17"))
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			var only map[string]bool
			if since != "" {
				if only, err = git.ChangedSince(cmd.Context(), a.Config.Path(a.Config.Migrations.Dir), since); err != nil {
					return err
				}
			}
			options, err := a.LintOptions(only, postgres)
			if err != nil {
				return factory.Usage(err)
			}
			result, err := lint.Run(options)
			if err != nil {
				return err
			}
			if err := showFindings(f, result, a.Config.Migrations.Dir); err != nil {
				return err
			}
			return verdict(result, lint.Severity(a.Config.Lint.FailOn))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&since, "since", "", "check only files that changed since this git `revision`; example: origin/main")
	flags.IntVar(&postgres, "pg-version", 0, "check for this major `version` of Postgres; example: 17 (default: lint.postgres of krowoc.yaml)")
	flags.BoolVar(&listRules, "rules", false, "list all rules instead of checking")
	f.Output(flags, term.SARIF, term.GitHub, term.JUnit)
	return cmd
}

func verdict(result lint.Result, failOn lint.Severity) error {
	bad := 0
	for _, finding := range result.Findings {
		if finding.Severity.AtLeast(failOn) {
			bad++
		}
	}
	if bad == 0 {
		return nil
	}
	return fault.New(fault.CheckFailed, "lint the migrations", fmt.Sprintf("%s in %s", term.Count(bad, "finding"), term.Count(result.Files, "file")),
		"use the safe alternative, or give a reason why it is safe here: -- +krowoc ignore RULE: REASON")
}

func showRules(t *term.Terminal) error {
	type rule struct {
		ID       string        `json:"id"`
		Group    lint.Group    `json:"group"`
		Severity lint.Severity `json:"severity"`
		Summary  string        `json:"summary"`
	}
	var all []rule
	for _, r := range lint.Rules() {
		all = append(all, rule(r))
	}
	return t.Result(all, func() error {
		table := t.NewTable("RULE", "SEVERITY", "FINDING")
		for _, r := range all {
			table.Row(r.ID, string(r.Severity), r.Summary)
		}
		return table.Flush()
	})
}

func showFindings(f *factory.Factory, result lint.Result, dir string) error {
	switch f.Term.Format {
	case term.SARIF:
		var rules []term.Rule
		for _, r := range lint.Rules() {
			rules = append(rules, term.Rule{ID: r.ID, Level: string(r.Severity), Summary: r.Summary,
				Help: "https://github.com/krowoc/krowoc/blob/main/docs/lint-rules.md#" + r.ID})
		}
		return term.WriteSARIF(f.Term.Out, f.Build.Version, rules, diagnostics(result))
	case term.GitHub:
		return term.WriteGitHub(f.Term.Out, diagnostics(result))
	case term.JUnit:
		return term.WriteJUnit(f.Term.Out, "krowoc migrate lint", lintCases(dir, result))
	}
	return f.Term.Result(result, func() error {
		for _, finding := range result.Findings {
			showFinding(f.Term, finding)
		}
		if len(result.Findings) == 0 {
			fmt.Fprintf(f.Term.Err, "no dangerous statements in %s\n", term.Count(result.Files, "file"))
		}
		return nil
	})
}

func diagnostics(result lint.Result) (out []diag.Diagnostic) {
	for _, finding := range result.Findings {
		message := finding.Message + consequence(finding)
		if finding.Safe != "" {
			message += "\n\n" + finding.Safe
		}
		out = append(out, diag.Diagnostic{Severity: diag.Severity(finding.Severity), Code: finding.Rule,
			Position: diag.Position{File: finding.File, Line: finding.Line, Column: finding.Column}, Message: message})
	}
	return out
}

// consequence names the lock that a statement takes, and what it does under the lock.
func consequence(finding lint.Finding) string {
	var parts []string
	if finding.Lock != "" {
		parts = append(parts, strings.TrimSuffix(finding.Lock+" lock on "+strings.Join(finding.Tables, ", "), " on "))
	}
	if finding.Effect != "" {
		parts = append(parts, map[lint.Effect]string{lint.Rewrite: "all rows are rewritten", lint.Scan: "all rows are read"}[finding.Effect])
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

func showFinding(t *term.Terminal, finding lint.Finding) {
	s := t.Styles()
	style := map[lint.Severity]func(...string) string{lint.Error: s.Bad.Render, lint.Warning: s.Warn.Render, lint.Info: s.Accent.Render}[finding.Severity]
	fmt.Fprintf(t.Out, "%s: %s %s\n", s.Bold.Render(fmt.Sprintf("%s:%d:%d", finding.File, finding.Line, finding.Column)),
		style(string(finding.Severity)+":"), s.Bold.Render(finding.Rule))
	if finding.Statement != "" {
		first, _, more := strings.Cut(finding.Statement, "\n")
		if more {
			first += " …"
		}
		fmt.Fprintln(t.Out, "    "+s.Faint.Render(first))
	}
	fmt.Fprintln(t.Out, "  "+finding.Message+s.Faint.Render(consequence(finding)))
	if finding.Safe != "" {
		fmt.Fprintln(t.Out, "  safe:")
		for line := range strings.SplitSeq(finding.Safe, "\n") {
			fmt.Fprintln(t.Out, "    "+s.Good.Render(line))
		}
	}
	if finding.Guide != "" {
		fmt.Fprintln(t.Out, "  guide: "+finding.Guide)
	}
	fmt.Fprintln(t.Out)
}

// lintCases returns one case for each file that has findings, and one for all other files.
func lintCases(dir string, result lint.Result) (cases []term.TestCase) {
	for _, finding := range result.Findings {
		if len(cases) == 0 || cases[len(cases)-1].File != finding.File {
			cases = append(cases, term.TestCase{Name: path.Base(finding.File), File: finding.File})
		}
		c := &cases[len(cases)-1]
		line := fmt.Sprintf("%d:%d %s: %s: %s%s", finding.Line, finding.Column, finding.Severity, finding.Rule, finding.Message, consequence(finding))
		c.Failure = strings.TrimPrefix(c.Failure+"\n"+line, "\n")
	}
	if rest := result.Files - len(cases); rest > 0 {
		cases = append(cases, term.TestCase{Name: term.Count(rest, "other file"), File: dir})
	}
	return cases
}
