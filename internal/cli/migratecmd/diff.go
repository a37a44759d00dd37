package migratecmd

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

// diffFlags are the flags of diff.
type diffFlags struct {
	server        scratch.Options
	check, dryRun bool
	allowDrop     bool
}

func newDiff(f *factory.Factory) *cobra.Command {
	var o diffFlags
	cmd := &cobra.Command{
		Use:   "diff [NAME]",
		Short: "Write the migrations that bring the database to the schema",
		Long: `Compare the schema with the database that the migrations build, and write the missing migrations, up and down. They use
statements that hold locks only briefly; slow statements get files of their own. Before the files are written, they are applied
and rolled back on a scratch database.

@renamed(from:) in the schema renames a table or column and keeps its data. When a column seems to be renamed without it, the
command asks on a terminal. Objects that the schema no longer has stay in the database unless you pass --allow-drop. Functions,
triggers, views, policies and grants are never changed.

A change that Postgres refuses is left out, with what depends on it. The command names each one with its reason, writes the
rest, and exits with code 3: write a migration for it by hand, or correct the schema. If nothing can be written, it fails.`,
		Example: "krowoc migrate diff add_votes\nkrowoc migrate diff --check\nkrowoc migrate diff drop_legacy --allow-drop --dry-run",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !o.check && !o.dryRun {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate diff", "the name of the migration is missing", "name the change: krowoc migrate diff add_votes"))
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			name := "change"
			if len(args) > 0 {
				name = args[0]
			}
			return f.WithScratch(cmd.Context(), a, o.server, func(s *scratch.Server) error { return runDiff(cmd.Context(), f, a, s, name, o) })
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.check, "check", false, "write nothing; exit with code 3 when a migration is missing or a change must be left out")
	flags.BoolVar(&o.dryRun, "dry-run", false, "write nothing; print the migrations instead")
	flags.BoolVar(&o.allowDrop, "allow-drop", false, "also drop tables, columns and enum values that the schema does not have")
	factory.ScratchFlags(flags, &o.server, "url")
	return cmd
}

// diffResult is the result of diff and save.
type diffResult struct {
	Files   []diffFile    `json:"files"`
	Left    []string      `json:"left"`    // objects that the database has and the schema does not
	Drops   []ddl.Drop    `json:"drops"`   // objects that the files drop with their data
	LeftOut []ddl.LeftOut `json:"leftOut"` // changes that no file contains, because Postgres refuses them
}

// resultOf is the result for a plan without its files.
func resultOf(plan ddl.Plan) diffResult {
	return diffResult{Files: []diffFile{}, Left: append([]string{}, plan.Left...), Drops: append([]ddl.Drop{}, plan.Drops...), LeftOut: append([]ddl.LeftOut{}, plan.LeftOut...)}
}

type diffFile struct {
	File string `json:"file,omitempty"`
	SQL  string `json:"sql"`
	Note string `json:"note,omitempty"`
}

func runDiff(ctx context.Context, f *factory.Factory, a *app.App, s *scratch.Server, name string, o diffFlags) error {
	options := ddl.PlanOptions{Options: ddl.Options{AllowDrop: o.allowDrop}}
	if f.Term.InTTY && f.Term.Format == term.Text && !o.check {
		options.AskRename = func(r ddl.Rename) (bool, error) {
			question := fmt.Sprintf("Rename column %s.%s to %s and keep its values?", r.Of, r.From, r.To)
			if r.Kind == "value" {
				question = fmt.Sprintf("Rename value %q of enum %s to %q and keep the rows?", r.From, r.Of, r.To)
			}
			return f.Term.Confirm(ctx, question)
		}
	}
	plan, err := change.Diff(ctx, a, s, options)
	if err != nil {
		return err
	}
	if len(plan.Files) == 0 && !o.check {
		if err := plan.Refusal(); err != nil {
			return err
		}
	}
	result := resultOf(plan)
	for _, d := range change.Drafts(name, plan) {
		result.Files = append(result.Files, diffFile{SQL: d.Text(), Note: d.Note})
	}
	if !o.check && !o.dryRun {
		paths, err := change.WriteDiff(a, name, plan)
		if err != nil {
			return err
		}
		for i, p := range paths {
			result.Files[i].File = path.Join(a.Config.Migrations.Dir, filepath.Base(p))
		}
	}
	if err := f.Term.Result(result, func() error { return showDiff(f.Term, result, o) }); err != nil {
		return err
	}
	return judge(plan, o.check)
}

// judge returns the error of a diff whose result does not bring the database to the schema.
func judge(plan ddl.Plan, check bool) error {
	const op = "compare the schema with the migrations"
	missing := term.Count(len(plan.Files), "migration") + " missing"
	leftOut := term.Count(len(plan.LeftOut), "change") + " left out"
	const byHand = "write a migration for what is left out with `krowoc migrate create NAME`, or correct the schema"
	switch isMissing, isLeftOut := check && len(plan.Files) > 0, len(plan.LeftOut) > 0; {
	case isMissing && isLeftOut:
		return fault.New(fault.CheckFailed, op, missing+", "+leftOut, "run `krowoc migrate diff NAME`;", byHand)
	case isMissing:
		return fault.New(fault.CheckFailed, op, missing, "run `krowoc migrate diff NAME`")
	case isLeftOut:
		return fault.New(fault.CheckFailed, op, leftOut, byHand)
	}
	return nil
}

func showDiff(t *term.Terminal, result diffResult, o diffFlags) error {
	s := t.Styles()
	for _, file := range result.Files {
		if file.File == "" {
			fmt.Fprintln(t.Out, file.SQL)
			continue
		}
		fmt.Fprintln(t.Out, file.File)
		if file.Note != "" {
			fmt.Fprintln(t.Err, t.ErrStyles().Warn.Render("note:"), file.Note)
		}
	}
	for _, d := range result.Drops {
		fmt.Fprintln(t.Err, t.ErrStyles().Warn.Render("drops:"), d.What+" and its data")
		if d.Hint != "" {
			fmt.Fprintln(t.Err, t.ErrStyles().Faint.Render(" hint:"), d.Hint)
		}
	}
	for _, left := range result.Left {
		fmt.Fprintln(t.Err, t.ErrStyles().Warn.Render("kept:"), left+" is not in the schema; --allow-drop drops it")
	}
	for _, l := range result.LeftOut {
		showLeftOut(t, l)
	}
	switch {
	case len(result.Files) == 0 && len(result.LeftOut) > 0:
	case len(result.Files) == 0:
		fmt.Fprintln(t.Err, "the migrations match the schema")
	case !o.check && !o.dryRun:
		fmt.Fprintln(t.Err, s.Faint.Render("review the files, then run: krowoc migrate lint && krowoc migrate verify && krowoc migrate up"))
	}
	return nil
}

func showLeftOut(t *term.Terminal, l ddl.LeftOut) {
	s := t.ErrStyles()
	fmt.Fprintln(t.Err, s.Warn.Render("left out:"), l.Object+": "+l.Reason)
	for line := range strings.Lines(l.Statement) {
		fmt.Fprintln(t.Err, s.Faint.Render("  "+strings.TrimSuffix(line, "\n")))
	}
	if l.Hint != "" {
		fmt.Fprintln(t.Err, s.Faint.Render(" hint:"), l.Hint)
	}
}
