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
	Database *takeover.Recorded `json:"database,omitempty"`
}

func newImport(f *factory.Factory) *cobra.Command {
	var from string
	var record bool
	cmd := &cobra.Command{
		Use:   "import --from TOOL [FOLDER]",
		Short: "Import the migrations of another tool",
		Long: `Convert the migrations of golang-migrate, dbmate, Alembic, Prisma, Atlas or Flyway to migrations of this project. FOLDER
contains them; for Alembic, it contains alembic.ini. The command also reads the other tool's version table in the environment's
database and records the same migrations as applied. The files and tables of the other tool are not changed.

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
			result := imported{Files: []string{}}
			if !record {
				if result.Files, err = importFiles(cmd.Context(), f, a, adopt.Tool(from), args[0]); err != nil {
					return err
				}
			}
			if record || (a.Config.Database.URL.Reveal() != "") {
				if result.Database, err = recordAdopted(cmd.Context(), f, a, adopt.Tool(from)); err != nil {
					return err
				}
			}
			return f.Term.Result(result, func() error { showImported(f.Term, result, from); return nil })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "import from this `tool`: "+toolNames())
	flags.BoolVar(&record, "record", false, "only record the applied migrations in the database; write no files")
	return cmd
}

// importFiles writes the migrations of a folder as those of the project and returns their paths.
func importFiles(ctx context.Context, f *factory.Factory, a *app.App, tool adopt.Tool, folder string) ([]string, error) {
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(f.WorkDir(), folder)
	}
	paths, err := takeover.ImportMigrations(ctx, a, tool, folder)
	files := []string{}
	for _, p := range paths {
		files = append(files, path.Join(a.Config.Migrations.Dir, filepath.Base(p)))
	}
	return files, err
}

func toolNames() string {
	var names []string
	for _, t := range adopt.Tools {
		names = append(names, string(t))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func recordAdopted(ctx context.Context, f *factory.Factory, a *app.App, tool adopt.Tool) (result *takeover.Recorded, err error) {
	err = f.WithDatabase(ctx, a, func(db *app.Database) error {
		adopted, err := takeover.RecordMigrations(ctx, a, db, tool)
		result = &adopted
		return err
	})
	return result, err
}

func showImported(t *term.Terminal, result imported, from string) {
	for _, file := range result.Files {
		fmt.Fprintln(t.Out, file)
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
