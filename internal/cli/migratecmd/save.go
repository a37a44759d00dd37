package migratecmd

import (
	"fmt"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

func newSave(f *factory.Factory) *cobra.Command {
	var server scratch.Options
	cmd := &cobra.Command{
		Use:   "save NAME",
		Short: "Write the unsaved changes of `krowoc dev` as migrations",
		Long: `Write the unsaved changes of the development database as migrations. When you save the schema, "krowoc dev" changes the tables
without a migration. This command writes the missing migrations, as "krowoc migrate diff" does, and records them as applied in
the development database. It waits until the session has applied the saved schema, and refuses when the database lacks a part.`,
		Example: "krowoc migrate save add_votes",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			return f.WithScratch(ctx, a, server, func(s *scratch.Server) error {
				return f.WithDatabase(ctx, a, func(db *app.Database) error {
					plan, paths, err := change.SaveUnsaved(ctx, a, s, db.Pool, args[0])
					if err != nil {
						return err
					}
					result := resultOf(plan)
					for i, d := range change.Drafts(args[0], plan) {
						result.Files = append(result.Files, diffFile{File: path.Join(a.Config.Migrations.Dir, filepath.Base(paths[i])), SQL: d.Text(), Note: d.Note})
					}
					return f.Term.Result(result, func() error { showSaved(f.Term, result); return nil })
				})
			})
		},
	}
	factory.ScratchFlags(cmd.Flags(), &server, "url")
	return cmd
}

func showSaved(t *term.Terminal, result diffResult) {
	for _, file := range result.Files {
		fmt.Fprintln(t.Out, file.File)
	}
	if len(result.Files) == 0 {
		fmt.Fprintln(t.Err, "the migrations match the schema")
	}
}
