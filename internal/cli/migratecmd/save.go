package migratecmd

import (
	"fmt"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/dev"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/scratch"
)

func newSave(f *factory.Factory) *cobra.Command {
	var server scratch.Options
	cmd := &cobra.Command{
		Use:   "save NAME",
		Short: "Write what `krowoc dev` has changed in the tables as one migration",
		Long: `Write the migrations that lead from those that there are to the schema, as "krowoc migrate diff" does, and note in the
development database that it has them: "krowoc dev" has changed its tables as the schema was saved.`,
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
					unsaved, err := dev.ReadUnsaved(ctx, db.Pool)
					if err != nil {
						return err
					}
					if len(unsaved) == 0 {
						return fault.New(fault.NotFound, "save the changes of the tables", "`krowoc dev` has changed nothing that is not saved",
							"`krowoc migrate diff NAME` writes what a schema asks for that no session has seen")
					}
					plan, paths, err := a.SaveUnsaved(ctx, s, db.Pool, args[0])
					if err != nil {
						return err
					}
					result := diffResult{Files: []diffFile{}, Left: append([]string{}, plan.Left...)}
					for i, d := range app.Drafts(args[0], plan) {
						result.Files = append(result.Files, diffFile{File: path.Join(a.Config.Migrations.Dir, filepath.Base(paths[i])), SQL: d.Text(), Note: d.Note})
					}
					return f.Term.Result(result, func() error {
						for _, file := range result.Files {
							fmt.Fprintln(f.Term.Out, file.File)
						}
						if len(result.Files) == 0 {
							fmt.Fprintln(f.Term.Err, "the migrations say what the schema says")
						}
						return nil
					})
				})
			})
		},
	}
	factory.ScratchFlags(cmd.Flags(), &server, "url")
	return cmd
}
