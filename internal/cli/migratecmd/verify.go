package migratecmd

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/drift"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/git"
	"github.com/krowoc/krowoc/internal/migrate/verify"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

func newVerify(f *factory.Factory) *cobra.Command {
	var server scratch.Options
	var since string
	var changed bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check on a scratch database that migrations can be rolled back",
		Long: `Apply each migration to a scratch database with rows in its tables, roll it back, and apply it again. The command compares the
database after each step. It fails when rolling back does not restore the original schema, and shows the difference. It also
reports lost rows, locks that block other queries, and tables that are rewritten.

The rows are generated. A file that only they break is checked on empty tables, which is a warning. A file is left out when it
contains the comment "-- +krowoc ignore verify: REASON".

The scratch database is on a temporary Postgres, which runs in a container with --engine docker. --url names another server, on
which the command creates a database and drops it afterwards.`,
		Example: "krowoc migrate verify\nkrowoc migrate verify --changed-only --since origin/main --output junit",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if changed != cmd.Flags().Changed("since") {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate verify", "--changed-only and --since REVISION must be used together"))
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			var only map[string]bool
			if changed {
				if only, err = git.ChangedSince(ctx, a.Config.Path(a.Config.Migrations.Dir), since); err != nil {
					return err
				}
			}
			return f.WithScratch(ctx, a, server, func(s *scratch.Server) error { return runVerify(ctx, f, a, s, only) })
		},
	}
	flags := cmd.Flags()
	factory.ScratchFlags(flags, &server, "url")
	flags.BoolVar(&changed, "changed-only", false, "verify only files that changed since --since; earlier files are only applied")
	flags.StringVar(&since, "since", "", "compare with this git `revision`; example: origin/main")
	f.Output(flags, term.JUnit)
	return cmd
}

func runVerify(ctx context.Context, f *factory.Factory, a *app.App, s *scratch.Server, only map[string]bool) error {
	result, err := a.Verify(ctx, s, only, func(file verify.File) {
		if f.Term.Format == term.Text {
			showVerified(f.Term, file)
		}
	})
	if err != nil {
		return err
	}
	if f.Term.Format == term.JUnit {
		err = term.WriteJUnit(f.Term.Out, "krowoc migrate verify", verifiedCases(a.Config.Migrations.Dir, result))
	} else {
		err = f.Term.Result(result, func() error { return nil })
	}
	if err != nil || result.OK {
		return err
	}
	bad := 0
	for _, file := range result.Files {
		if !file.OK {
			bad++
		}
	}
	return fault.New(fault.CheckFailed, "verify the migrations", fmt.Sprintf("%d of %d migrations failed", bad, len(result.Files)))
}

func showVerified(t *term.Terminal, file verify.File) {
	s := t.Styles()
	if file.Ignored != "" {
		fmt.Fprintf(t.Out, "%s %s  not verified: %s\n", s.Warn.Render("-"), file.File, file.Ignored)
		return
	}
	mark := s.Good.Render("✓")
	if !file.OK {
		mark = s.Bad.Render("✗")
	}
	fmt.Fprintf(t.Out, "%s %s  %s\n", mark, file.File, s.Faint.Render(fmt.Sprintf("%.0f ms", file.DurationMs)))
	for _, finding := range file.Findings {
		style := s.Bad
		if finding.Severity != diag.Error {
			style = s.Warn
		}
		fmt.Fprintf(t.Out, "  %s %s\n", style.Render(string(finding.Kind)+":"), finding.Message)
		for _, d := range finding.Differences {
			fmt.Fprintln(t.Out, "    "+strings.ReplaceAll(d.String(), "\n", "\n    "))
		}
	}
	for _, table := range file.Rewritten {
		fmt.Fprintf(t.Out, "  %s %s is rewritten under a lock\n", s.Warn.Render("rewrites:"), table)
	}
}

func verifiedCases(dir string, result verify.Result) (cases []term.TestCase) {
	for _, file := range result.Files {
		c := term.TestCase{Name: file.File, File: path.Join(dir, file.File), Seconds: file.DurationMs / 1000}
		var failures []string
		for _, finding := range file.Findings {
			if finding.Severity == diag.Error {
				failures = append(failures, finding.String())
			}
		}
		c.Failure = strings.Join(failures, "\n")
		cases = append(cases, c)
	}
	return cases
}

func newDrift(f *factory.Factory) *cobra.Command {
	var server scratch.Options
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Compare a live database with what its migrations build",
		Long: `Apply the migrations that the environment's database has to a scratch database, and compare the two: tables, types, indexes,
functions, triggers, policies, grants, owners and so on. The environment's database is only read. drift.ignore in krowoc.yaml
lists what to ignore.

A line with + exists only in the live database. A line with - is missing there. The exit code is 3 when there are differences.`,
		Example: "krowoc migrate drift --env production",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			return f.WithDatabase(ctx, a, func(db *app.Database) error {
				return f.WithScratch(ctx, a, server, func(s *scratch.Server) error {
					d, err := drift.Find(ctx, a, db.Pool, s)
					if err != nil {
						return err
					}
					return showDrift(f.Term, d)
				})
			})
		},
	}
	factory.ScratchFlags(cmd.Flags(), &server, "url")
	return cmd
}

func showDrift(t *term.Terminal, d drift.Report) error {
	err := t.Result(d, func() error {
		for _, difference := range d.Differences {
			fmt.Fprintln(t.Out, difference)
		}
		if len(d.Differences) == 0 {
			fmt.Fprintf(t.Err, "no drift: the database matches its %d migrations\n", d.Applied)
		}
		return nil
	})
	if err != nil || len(d.Differences) == 0 {
		return err
	}
	return fault.New(fault.CheckFailed, "check for drift", fmt.Sprintf("%s from what the %d applied migrations build", term.Count(len(d.Differences), "difference"), d.Applied))
}
