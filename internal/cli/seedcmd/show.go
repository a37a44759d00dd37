package seedcmd

import (
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/seed"
)

// show prints the rows that a load changed in each table, and for a dry run every row that would change.
func show(t *term.Terminal, s seed.Summary) error {
	if len(s.Changes) > 0 {
		changes := t.NewTable("CHANGE", "TABLE", "ROW", "FIELDS")
		for _, c := range s.Changes {
			changes.Row(string(c.Action), c.Table, c.Row, strings.Join(c.Fields, ", "))
		}
		if err := changes.Flush(); err != nil {
			return err
		}
	}
	table := t.NewTable("TABLE", "INSERTED", "UPDATED", "UNCHANGED", "DELETED")
	for _, row := range s.Tables {
		table.Row(row.Table, fmt.Sprint(row.Inserted), fmt.Sprint(row.Updated), fmt.Sprint(row.Unchanged), fmt.Sprint(row.Deleted))
	}
	for _, made := range s.Generated {
		table.Row(made.Table, fmt.Sprint(made.Rows), "0", fmt.Sprint(made.Kept), "0")
	}
	if err := table.Flush(); (err != nil) || (len(s.SQL) == 0) {
		return err
	}
	files := t.NewTable("FILE", "STATE")
	for _, file := range s.SQL {
		state := "unchanged"
		if file.Ran {
			state = "ran"
		}
		files.Row(file.File, state)
	}
	return files.Flush()
}
