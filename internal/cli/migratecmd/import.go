package migratecmd

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/takeover"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/migrate/adopt"
)

// imported is the result of import.
type imported struct {
	Files    []string           `json:"files"`
	Notes    []string           `json:"notes,omitempty"`
	Database *takeover.Recorded `json:"database,omitempty"`
}

func newImport(f *factory.Factory) *cobra.Command {
	var from, table string
	var record bool
	cmd := &cobra.Command{
		Use:   "import --from TOOL [FOLDER]",
		Short: "Import the migrations of another tool",
		Long: `Convert the migrations of golang-migrate, dbmate, Alembic, Prisma, Atlas or Flyway to migrations of this project. FOLDER
contains them; for Alembic, it contains alembic.ini or pyproject.toml. The command also reads the other tool's version table in the
environment's database and records the same migrations as applied. The files and tables of the other tool are not changed. When a
migration has failed there, the command is refused and writes nothing. --table names the version table if the project has renamed it.

Run the command with --record for every further database. It then records the applied migrations and writes no files.`,
		Example: "krowoc migrate import --from dbmate db/migrations\nkrowoc migrate import --from dbmate --record --env production",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			known, hasFolder := slices.Contains(adopt.Tools, adopt.Tool(from)), len(args) == 1
			if !known || (record == hasFolder) {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate import", "it needs --from "+toolNames()+", and either the folder of the migrations or --record",
					"krowoc migrate import --from dbmate db/migrations"))
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			result, o := imported{Files: []string{}}, takeover.Import{Tool: adopt.Tool(from), Table: table}
			if hasFolder {
				if o.From = args[0]; !filepath.IsAbs(o.From) {
					o.From = filepath.Join(f.WorkDir(), o.From)
				}
			}
			if record || (a.Config.Database.URL.Reveal() != "") {
				err = f.WithDatabase(cmd.Context(), a, func(db *app.Database) error { return adoptInto(cmd.Context(), f, a, db, o, &result) })
			} else {
				err = adoptInto(cmd.Context(), f, a, nil, o, &result)
			}
			if err != nil {
				return err
			}
			return f.Term.Result(result, func() error { showImported(f.Term, result, from); return nil })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "import from this `tool`: "+toolNames())
	flags.StringVar(&table, "table", "", "`name` of the tool's version table, if it is not the usual one; example: ops.schema_history")
	flags.BoolVar(&record, "record", false, "only record the applied migrations in the database; write no files")
	return cmd
}

// adoptInto imports the files of a folder, if there is one, and records in a database, if there is one, what is applied.
func adoptInto(ctx context.Context, f *factory.Factory, a *app.App, db *app.Database, o takeover.Import, result *imported) error {
	if o.From != "" {
		if o.Tool == adopt.Alembic { // starts Python
			progress := f.Term.Progress("generating SQL with alembic")
			defer progress.Fail()
			o.Report = func(done, of int) {
				if progress.Count("steps", int64(done), int64(of)); done == of {
					progress.Done("generated SQL with alembic")
				}
			}
		}
		paths, notes, err := takeover.ImportMigrations(ctx, a, db, o)
		if err != nil {
			return err
		}
		for _, p := range paths {
			result.Files = append(result.Files, path.Join(a.Config.Migrations.Dir, filepath.Base(p)))
		}
		result.Notes = notes
	}
	if db == nil {
		return nil
	}
	adopted, err := takeover.RecordMigrations(ctx, a, db, o.Tool, o.Table)
	result.Database = &adopted
	return err
}

func toolNames() string {
	var names []string
	for _, t := range adopt.Tools {
		names = append(names, string(t))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func showImported(t *term.Terminal, result imported, from string) {
	for _, file := range result.Files {
		fmt.Fprintln(t.Out, file)
	}
	for _, note := range result.Notes {
		fmt.Fprintln(t.Err, t.Styles().Warn.Render("note:"), note)
	}
	switch d := result.Database; {
	case d == nil:
		fmt.Fprintf(t.Err, "for each database that already has these migrations, run: krowoc migrate import --from %s --record\n", from)
	case !d.Known:
		fmt.Fprintf(t.Err, "the database has no version table of %s; nothing was recorded\n", from)
	default:
		fmt.Fprintf(t.Err, "%s applied in the database; %d newly recorded\n", term.Count(d.Applied, "migration"), len(d.Recorded))
	}
}
