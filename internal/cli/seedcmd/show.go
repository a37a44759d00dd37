package seedcmd

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/cli/term"
	"github.com/krowoc/krowoc/internal/seed"
)

// show prints what a load has changed.
func show(t *term.Terminal, s seed.Summary) error {
	table := t.NewTable("TABLE", "INSERTED", "UPDATED", "UNCHANGED")
	for _, row := range s.Tables {
		table.Row(row.Table, fmt.Sprint(row.Inserted), fmt.Sprint(row.Updated), fmt.Sprint(row.Unchanged))
	}
	for _, made := range s.Generated {
		table.Row(made.Table, fmt.Sprint(made.Rows), "0", fmt.Sprint(made.Kept))
	}
	return table.Flush()
}

