package seed

import (
	"fmt"

	"github.com/krowoc/krowoc/internal/seed/generate"
)

// Summary is what a load changed, table by table in the order in which they were written.
type Summary struct {
	Tables    []TableSummary  `json:"tables"`
	Generated []generate.Made `json:"generated"` // rows that were made, in the same order
}

// TableSummary counts the rows of one table that the fixtures name.
type TableSummary struct {
	Table     string `json:"table"` // physical name
	Inserted  int    `json:"inserted"`
	Updated   int    `json:"updated"`
	Unchanged int    `json:"unchanged"`
}

// Total adds the tables up.
func (s Summary) Total() TableSummary {
	var total TableSummary
	for _, t := range s.Tables {
		total.Inserted += t.Inserted
		total.Updated += t.Updated
		total.Unchanged += t.Unchanged
	}
	return total
}

// String sums the load up in one line.
func (s Summary) String() string {
	t := s.Total()
	text := fmt.Sprintf("%d rows in %d tables: %d inserted, %d updated, %d unchanged",
		t.Inserted+t.Updated+t.Unchanged, len(s.Tables), t.Inserted, t.Updated, t.Unchanged)
	var made, kept int64
	for _, g := range s.Generated {
		made, kept = made+g.Rows, kept+g.Kept
	}
	switch {
	case made > 0 && kept > 0:
		text += fmt.Sprintf("; %d made, %d were there", made, kept)
	case made > 0:
		text += fmt.Sprintf("; %d made", made)
	case kept > 0:
		text += fmt.Sprintf("; %d made before", kept)
	}
	return text
}
