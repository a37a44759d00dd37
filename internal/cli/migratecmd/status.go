package migratecmd

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/cli/factory"
	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/migrate"
)

func newStatus(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "List all migrations and their states",
		Example: "krowoc migrate status\nkrowoc migrate status --output json | jq 'map(select(.state == \"pending\"))'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			return f.WithDatabase(cmd.Context(), a, func(db *app.Database) error {
				m, err := a.Migrator(db.Pool, nil)
				if err != nil {
					return err
				}
				list, err := m.Status(cmd.Context())
				if err != nil {
					return err
				}
				return f.Term.Result(append([]migrate.Status{}, list...), func() error { return showStatus(f.Term, list) })
			})
		},
	}
}

func showStatus(t *term.Terminal, list []migrate.Status) error {
	s := t.Styles()
	style := map[migrate.State]term.Cell{
		migrate.Applied: {Style: s.Good}, migrate.Pending: {Style: s.Warn}, migrate.OutOfOrder: {Style: s.Bad}, migrate.NoFile: {Style: s.Bad}, migrate.Squashed: {Style: s.Faint},
		migrate.Changed: {Style: s.Bad}, migrate.Other: {Style: s.Bad}, migrate.InGo: {Style: s.Warn}, migrate.Half: {Style: s.Warn},
	}
	table := t.NewTable("VERSION", "STATE", "APPLIED", "FILE")
	for _, m := range list {
		state := style[m.State]
		state.Text = string(m.State)
		file := m.File
		if m.Recorded != "" {
			file = strings.TrimSpace(fmt.Sprintf("%s (applied from %s)", m.File, m.Recorded))
		}
		table.Row(m.Version, state, m.AppliedAt, file)
	}
	return table.Flush()
}

// created is what `migrate create --output json` prints.
type created struct {
	File string `json:"file"`
}

func newCreate(f *factory.Factory) *cobra.Command {
	var timestamp bool
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create an empty migration with the next number",
		Example: "krowoc migrate create add_votes\nkrowoc migrate create \"drop the old index\" --timestamp",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			a, err := f.App()
			if err != nil {
				return err
			}
			style := migrate.Auto
			if timestamp {
				style = migrate.Timestamp
			}
			path, err := migrate.Create(a.Config.Path(a.Config.Migrations.Dir), args[0], f.Term.Now(), style)
			if err != nil {
				return err
			}
			if relative, err := filepath.Rel(f.WorkDir(), path); err == nil {
				path = relative
			}
			return f.Term.Result(created{path}, func() error {
				_, err := fmt.Fprintln(f.Term.Out, path)
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&timestamp, "timestamp", false, "number the file with a timestamp, whatever the folder uses")
	return cmd
}
