package migratecmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate"
)

// hashed is what `migrate hash --output json` prints.
type hashed struct {
	File  string       `json:"file"`
	Files migrate.Sums `json:"files"`
}

func newHash(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "hash",
		Short: "Record the checksums of the migrations in krowoc.sum",
		Long: `Record a checksum of every migration in krowoc.sum, in the same folder. From then on, "migrate up" refuses a file whose SQL was
changed after it was applied, also on a database that has no record of its own. Where a database has recorded what it applied, that
record counts, and a new checksum accepts nothing. Comments and white space may change.`,
		Example: "krowoc migrate hash",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			dir := a.Config.Path(a.Config.Migrations.Dir)
			sums, err := migrate.Hash(os.DirFS(dir), a.Config.Migrations.Dir)
			if err != nil {
				return err
			}
			if err := sums.Write(dir); err != nil {
				return err
			}
			path := filepath.ToSlash(filepath.Join(a.Config.Migrations.Dir, migrate.SumFile))
			return f.Term.Result(hashed{path, sums}, func() error {
				_, err := fmt.Fprintf(f.Term.Out, "%s: %s\n", path, term.Count(len(sums), "file"))
				return err
			})
		},
	}
}

func newRepair(f *factory.Factory) *cobra.Command {
	var done, undone, forget, accept int64
	var drop, yes bool
	cmd := &cobra.Command{
		Use:   "repair",
		Short: "Show and repair interrupted migrations and invalid indexes",
		Long: `Show migrations of which a part was applied before they were interrupted, statement by statement, and invalid indexes that failed builds left
behind. The exit code is 3 when there is something to repair.

"krowoc migrate up" continues an interrupted migration by itself when it can tell what happened. When it cannot, for example
after the process was killed during a CALL, look at the database and pass --done, --undone or --forget.

"krowoc migrate up" and "down" refuse while an applied file has changed or is another one with the same version. When the
database already is what the file describes, pass --accept.`,
		Example: "krowoc migrate repair\nkrowoc migrate repair --done 12\nkrowoc migrate repair --drop-invalid-indexes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			changed := cmd.Flags().Changed
			return f.WithDatabase(cmd.Context(), a, func(db *app.Database) error {
				m, err := a.Migrator(db.Pool, newProgress(f.Term).report)
				if err != nil {
					return err
				}
				switch ctx := cmd.Context(); {
				case changed("done"):
					return m.Resolve(ctx, done, true)
				case changed("undone"):
					return m.Resolve(ctx, undone, false)
				case changed("forget"):
					return m.Forget(ctx, forget)
				case changed("accept"):
					return m.Accept(ctx, accept)
				case drop:
					return dropInvalid(ctx, f, m, yes)
				default:
					return inspect(ctx, f, m)
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.Int64Var(&done, "done", 0, "record that the statement at which `version` was interrupted was executed")
	flags.Int64Var(&undone, "undone", 0, "record that the statement at which `version` was interrupted was not executed and must run")
	flags.Int64Var(&forget, "forget", 0, "record that you undid `version` by hand, so that it starts from its first statement")
	flags.Int64Var(&accept, "accept", 0, "record that the file of `version`, which has changed, is what was applied")
	flags.BoolVar(&drop, "drop-invalid-indexes", false, "drop invalid indexes that failed builds left behind")
	cmd.MarkFlagsMutuallyExclusive("done", "undone", "forget", "accept", "drop-invalid-indexes")
	addYes(cmd, &yes)
	return cmd
}

func inspect(ctx context.Context, f *factory.Factory, m *migrate.Migrator) error {
	r, err := m.Inspect(ctx)
	if err != nil {
		return err
	}
	if err := f.Term.Result(r, func() error { showRepair(f.Term, r); return nil }); err != nil {
		return err
	}
	if n := len(r.Interrupted) + len(r.InvalidIndexes); n > 0 {
		return fault.New(fault.CheckFailed, "migrate repair", term.Count(n, "problem"),
			"run `krowoc migrate up` to continue migrations, `krowoc migrate repair --drop-invalid-indexes` to drop indexes")
	}
	return nil
}

func showRepair(t *term.Terminal, r migrate.Repair) {
	s := t.Styles()
	marks := map[string]string{"done": s.Good.Render("✓"), "failed": s.Bad.Render("✗"), "uncertain": s.Warn.Render("?"), "pending": " "}
	for _, file := range r.Interrupted {
		fmt.Fprintf(t.Out, "%s, partly %s:\n", file.File, map[migrate.Direction]string{migrate.Up: "applied", migrate.Down: "rolled back"}[file.Direction])
		for _, sql := range file.Statements {
			first, _, _ := strings.Cut(sql.SQL, "\n")
			fmt.Fprintf(t.Out, "  %s line %d: %s\n", marks[sql.State], sql.Line, first)
			if sql.State == "failed" {
				fmt.Fprintf(t.Out, "    %s\n", s.Bad.Render(file.Message))
			}
		}
	}
	for _, index := range r.InvalidIndexes {
		fmt.Fprintf(t.Out, "index %s on %s is invalid: Postgres maintains it but does not use it\n", index.Index, index.Table)
	}
	if len(r.Interrupted)+len(r.InvalidIndexes) == 0 {
		fmt.Fprintln(t.Err, "nothing to repair")
	}
}

func dropInvalid(ctx context.Context, f *factory.Factory, m *migrate.Migrator, yes bool) error {
	r, err := m.Inspect(ctx)
	if err != nil {
		return err
	}
	if (len(r.InvalidIndexes) > 0) && !yes {
		var names []string
		for _, index := range r.InvalidIndexes {
			names = append(names, index.Index)
		}
		sure, err := f.Term.Confirm(ctx, "Drop "+strings.Join(slices.Compact(names), ", ")+"? An index that is being built right now is invalid, too.")
		if err != nil {
			return err
		}
		if !sure {
			return fault.New(fault.Canceled, "migrate repair", "nothing was changed")
		}
	}
	dropped, err := m.DropInvalidIndexes(ctx)
	for _, name := range dropped {
		fmt.Fprintln(f.Term.Err, "dropped "+name)
	}
	return err
}
