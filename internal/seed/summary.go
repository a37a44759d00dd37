package seed

import "fmt"

// Summary is what a load changed, table by table in the order in which they were written.
type Summary struct {
	Tables []TableSummary  `json:"tables"`
	SQL    []ScriptSummary `json:"sql"` // in the order of the sets and of their names
}

// ScriptSummary says what became of an SQL file.
type ScriptSummary struct {
	File string `json:"file"`
	Ran  bool   `json:"ran"` // false when it has not changed since it was run in this database
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
	ran := 0
	for _, file := range s.SQL {
		if file.Ran {
			ran++
		}
	}
	if len(s.SQL) > 0 {
		text += fmt.Sprintf("; %d of %d SQL files run", ran, len(s.SQL))
	}
	return text
}
