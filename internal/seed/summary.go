package seed

import (
	"fmt"
	"strings"

	maker "github.com/krowoc/krowoc/internal/seed/make"
)

// Summary is what a load changed, table by table in the order in which they were written; of a dry run, what it would change.
type Summary struct {
	Tables    []TableSummary  `json:"tables"`
	Generated []Made          `json:"generated"`         // rows that were made, in the same order
	SQL       []ScriptSummary `json:"sql"`               // in the order of the sets and of their names
	Changes   []Change        `json:"changes,omitempty"` // of a dry run: row by row
}

// ScriptSummary says what became of an SQL file.
type ScriptSummary struct {
	File string `json:"file"`
	Ran  bool   `json:"ran"` // false when it has not changed since it was run in this database
}

// Made is how many rows were made for a table.
type Made = maker.Made

// TableSummary counts the rows of one table that the fixtures name.
type TableSummary struct {
	Table     string `json:"table"` // physical name
	Inserted  int    `json:"inserted"`
	Updated   int    `json:"updated"`
	Unchanged int    `json:"unchanged"`
	Deleted   int    `json:"deleted"` // that left the fixtures, or went when the table was emptied
}

// Action is what becomes of a row.
type Action string

// The actions.
const (
	Insert Action = "insert"
	Update Action = "update"
	Delete Action = "delete"
)

// Change is what a dry run would do to a row of the fixtures.
type Change struct {
	Table  string   `json:"table"`
	Row    string   `json:"row"` // its name, or file:line; of one that left, its key
	Action Action   `json:"action"`
	Fields []string `json:"fields,omitempty"` // of an update: those that differ
}

// add adds what was deleted to the table's other counts.
func (s *Summary) add(e TableSummary) {
	for i := range s.Tables {
		if s.Tables[i].Table == e.Table {
			s.Tables[i].Deleted += e.Deleted
			return
		}
	}
	s.Tables = append(s.Tables, e)
}

// Total adds the tables up.
func (s Summary) Total() TableSummary {
	var total TableSummary
	for _, t := range s.Tables {
		total.Inserted += t.Inserted
		total.Updated += t.Updated
		total.Unchanged += t.Unchanged
		total.Deleted += t.Deleted
	}
	return total
}

// String sums the load up in one line.
func (s Summary) String() string {
	var parts []string
	var made, kept int64
	for _, g := range s.Generated {
		made, kept = made+g.Rows, kept+g.Kept
	}
	if t := s.Total(); len(s.Tables) > 0 || made+kept == 0 {
		text := fmt.Sprintf("%d rows in %d tables: %d inserted, %d updated, %d unchanged",
			t.Inserted+t.Updated+t.Unchanged, len(s.Tables), t.Inserted, t.Updated, t.Unchanged)
		if t.Deleted > 0 {
			text += fmt.Sprintf(", %d deleted", t.Deleted)
		}
		parts = append(parts, text)
	}
	if made > 0 {
		parts = append(parts, fmt.Sprintf("%d rows made", made))
	}
	if kept > 0 {
		parts = append(parts, fmt.Sprintf("%d rows made before", kept))
	}
	if len(s.SQL) > 0 {
		ran := 0
		for _, file := range s.SQL {
			if file.Ran {
				ran++
			}
		}
		parts = append(parts, fmt.Sprintf("%d of %d SQL files run", ran, len(s.SQL)))
	}
	return strings.Join(parts, "; ")
}
