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

// imported is what import reports.
type imported struct {
	Files    []string           `json:"files"`
	Database *takeover.Recorded `json:"database,omitempty"`
}

func newImport(f *factory.Factory) *cobra.Command {
	var from string
	var record bool
	cmd := &cobra.Command{
		Use:   "import --from TOOL [FOLDER]",
		Short: "Take over the migrations of another tool",
		Long: `Write the migrations of golang-migrate, dbmate, Alembic, Prisma, Atlas or Flyway as the project's own, and note in the
environment's database which of them it has, as the other tool's table says. FOLDER holds them; of Alembic it holds
alembic.ini. Nothing of the other tool is changed.

For each further database, --record notes what it has; it writes no file.`,
		Example: "krowoc migrate import --from dbmate db/migrations\nkrowoc migrate import --from dbmate --record --env production",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(adopt.Tools, adopt.Tool(from)) || record == (len(args) == 1) {
				return factory.Usage(fault.New(fault.Invalid, "krowoc migrate import", "it needs --from "+toolNames()+", and the folder of its migrations or --record",
					"krowoc migrate import --from dbmate db/migrations"))
			}
			a, err := f.App()
			if err != nil {
				return err
			}
			result := imported{Files: []string{}}
			if !record {
				folder := args[0]
				if !filepath.IsAbs(folder) {
					folder = filepath.Join(f.WorkDir(), folder)
				}
				paths, err := takeover.ImportMigrations(cmd.Context(), a, adopt.Tool(from), folder)
				if err != nil {
					return err
				}
				for _, p := range paths {
					result.Files = append(result.Files, path.Join(a.Config.Migrations.Dir, filepath.Base(p)))
				}
			}
			if record || a.Config.Database.URL.Reveal() != "" {
				if result.Database, err = recordAdopted(cmd.Context(), f, a, adopt.Tool(from)); err != nil {
					return err
				}
			}
			return f.Term.Result(result, func() error { showImported(f.Term, result, from); return nil })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "the other `tool`: "+toolNames())
	flags.BoolVar(&record, "record", false, "note in the database what it has, and write no file")
	return cmd
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
		fmt.Fprintf(t.Err, "for each database that has them: krowoc migrate import --from %s --record\n", from)
	case !d.Known:
		fmt.Fprintf(t.Err, "the database has no record of %s, so that nothing is noted in it\n", from)
	default:
		fmt.Fprintf(t.Err, "the database has %s; %s now\n", term.Count(d.Applied, "migration"), noted(len(d.Recorded)))
	}
}

func noted(n int) string {
	if n == 1 {
		return "1 is noted"
	}
	return fmt.Sprintf("%d are noted", n)
}
