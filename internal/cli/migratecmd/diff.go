package migratecmd

import (
	"context"
	"fmt"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
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
		Short: "Write the migration that the schema asks for",
		Long: `Compare the schema with what the migrations build, and write the next migrations, up and down: in the safe form, so
that nothing waits for a lock for long. What is slow goes into files of its own. They have been tried on a scratch
database, there and back, when they are written.

@renamed(from:) in the schema renames and loses nothing; a column that seems renamed is asked about on a terminal. What
the schema no longer has is left in the database unless --allow-drop is given. Functions, triggers, views, policies and
grants are never touched.`,
		Example: "krowoc migrate diff add_votes\nkrowoc migrate diff --check\nkrowoc migrate diff drop_legacy --allow-drop --dry-run",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !o.check && !o.dryRun {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate diff", "it needs a name", "say what changes: krowoc migrate diff add_votes"))
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
	flags.BoolVar(&o.check, "check", false, "write nothing; exit code 3 when a migration is missing")
	flags.BoolVar(&o.dryRun, "dry-run", false, "write nothing, and show what would be written")
	flags.BoolVar(&o.allowDrop, "allow-drop", false, "drop tables, columns and enum values that the schema does not have")
	factory.ScratchFlags(flags, &o.server, "url")
	return cmd
}

// diffResult is what diff reports.
type diffResult struct {
	Files []diffFile `json:"files"`
	Left  []string   `json:"left"` // what the database has and the schema does not
}

type diffFile struct {
	File string `json:"file,omitempty"`
	SQL  string `json:"sql"`
	Note string `json:"note,omitempty"`
}

func runDiff(ctx context.Context, f *factory.Factory, a *app.App, s *scratch.Server, name string, o diffFlags) error {
	options := ddl.PlanOptions{Options: ddl.Options{AllowDrop: o.allowDrop}}
	if f.Term.InTTY && f.Term.Format == term.Text && !o.check {
		options.AskRename = func(table, from, to string) (bool, error) {
			return f.Term.Confirm(ctx, fmt.Sprintf("Is %s.%s the column that was %s? It is renamed then, and keeps its values.", table, to, from))
		}
	}
	plan, err := a.Diff(ctx, s, options)
	if err != nil {
		return err
	}
	result := diffResult{Files: []diffFile{}, Left: append([]string{}, plan.Left...)}
	for _, d := range app.Drafts(name, plan) {
		result.Files = append(result.Files, diffFile{SQL: d.Text(), Note: d.Note})
	}
	if !o.check && !o.dryRun {
		paths, err := a.WriteDiff(name, plan)
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
	if o.check && len(plan.Files) > 0 {
		return fault.New(fault.CheckFailed, "compare the schema with the migrations", term.Count(len(plan.Files), "migration")+" missing",
			"`krowoc migrate diff NAME` writes what is missing")
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
	for _, left := range result.Left {
		fmt.Fprintln(t.Err, t.ErrStyles().Warn.Render("left:"), left+", which the schema does not have; --allow-drop drops it")
	}
	switch {
	case len(result.Files) == 0:
		fmt.Fprintln(t.Err, "the migrations build what the schema says")
	case !o.check && !o.dryRun:
		fmt.Fprintln(t.Err, s.Faint.Render("read them, then: krowoc migrate lint && krowoc migrate verify && krowoc migrate up"))
	}
	return nil
}
