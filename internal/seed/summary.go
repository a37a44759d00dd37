package seed

import (
	"fmt"
	"strings"

	maker "github.com/krowoc/krowoc/internal/seed/make"
)

// Summary contains the changes of a load by table, in the order of writing. For a dry run, it contains the changes that the load would
// make.
type Summary struct {
	Tables    []TableSummary  `json:"tables"`
	Generated []Made          `json:"generated"`         // generated rows, in the same order
	SQL       []ScriptSummary `json:"sql"`               // in the order of the sets and of their names
	Changes   []Change        `json:"changes,omitempty"` // by row; only for a dry run
}

// ScriptSummary is the result of an SQL file.
type ScriptSummary struct {
	File string `json:"file"`
	Ran  bool   `json:"ran"` // false if it has not changed since it ran in this database
}

// Made is the number of generated rows of a table.
type Made = maker.Made

// TableSummary counts the rows of a table.
type TableSummary struct {
	Table     string `json:"table"` // physical name
	Inserted  int    `json:"inserted"`
	Updated   int    `json:"updated"`
	Unchanged int    `json:"unchanged"`
	Deleted   int    `json:"deleted"` // removed from the fixtures, or deleted when the table was emptied
}

// Action is the change of a row.
type Action string

// The actions.
const (
	Insert Action = "insert"
	Update Action = "update"
	Delete Action = "delete"
)

// Change is the change that a load would make to a row.
type Change struct {
	Table  string   `json:"table"`
	Row    string   `json:"row"` // its name or file:line; the key of a removed row
	Action Action   `json:"action"`
	Fields []string `json:"fields,omitempty"` // the differing fields, for an update
}

// add adds the deleted rows to the table's other counts.
func (s *Summary) add(e TableSummary) {
	for i := range s.Tables {
		if s.Tables[i].Table == e.Table {
			s.Tables[i].Deleted += e.Deleted
			return
		}
	}
	s.Tables = append(s.Tables, e)
}

// Total returns the sum over all tables.
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

// String returns the summary as one line.
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
