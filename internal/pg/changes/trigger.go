package changes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/own"
)

// event is what a trigger fires after. Transition tables are for one event each.
type event struct{ name, referencing string }

var events = []event{
	{"INSERT", " REFERENCING NEW TABLE AS krowoc_new"},
	{"UPDATE", " REFERENCING OLD TABLE AS krowoc_old NEW TABLE AS krowoc_new"},
	{"DELETE", " REFERENCING OLD TABLE AS krowoc_old"},
	{"TRUNCATE", ""},
}

// TriggerPrefix begins the names of the triggers.
const TriggerPrefix = "krowoc_changes_"

func (e event) trigger() string { return TriggerPrefix + strings.ToLower(e.name) }

// Create returns the statements that create the triggers of a table, or replace those that note other columns.
func (t Table) Create() (statements []string) {
	for _, e := range events {
		statements = append(statements, fmt.Sprintf("CREATE OR REPLACE TRIGGER %s AFTER %s ON %s%s\n  FOR EACH STATEMENT EXECUTE FUNCTION %s(%s, %s)",
			e.trigger(), e.name, pg.QuoteIdent(t.Name), e.referencing, own.NoteChanges, pg.QuoteLiteral(array(t.Key)), pg.QuoteLiteral(array(t.Columns))))
	}
	return statements
}

// Drop returns the statements that drop the triggers of a table.
func (t Table) Drop() (statements []string) {
	for _, e := range events {
		statements = append(statements, "DROP TRIGGER "+e.trigger()+" ON "+pg.QuoteIdent(t.Name))
	}
	return statements
}

func (t Table) equal(other Table) bool {
	return t.Name == other.Name && slices.Equal(t.Key, other.Key) && slices.Equal(t.Columns, other.Columns)
}

// array writes names as an array of Postgres.
func array(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}

// parseArray reads what array writes.
func parseArray(text string) (names []string) {
	var name strings.Builder
	inside, escaped := false, false
	for _, r := range text {
		switch {
		case escaped:
			name.WriteRune(r)
			escaped = false
		case inside && r == '\\':
			escaped = true
		case inside && r == '"':
			names = append(names, name.String())
			name.Reset()
			inside = false
		case r == '"':
			inside = true
		case inside:
			name.WriteRune(r)
		}
	}
	return names
}

// Step changes the triggers of one table, and back.
type Step struct {
	Table    string
	Up, Down []string
}

// Plan is how the triggers of a database become those of a schema. First is to run before the tables change, and Last afterwards.
type Plan struct{ First, Last []Step }

// Make compares the triggers that a database has with those that it is to have. former returns the name that a table has had before, if it is
// renamed between First and Last.
func Make(has, want []Table, former func(table string) string) (p Plan) {
	for _, t := range want {
		i := slices.IndexFunc(has, func(old Table) bool { return old.Name == t.Name || old.Name == former(t.Name) })
		if i < 0 {
			p.Last = append(p.Last, Step{t.Name, t.Create(), t.Drop()})
			continue
		}
		old := has[i]
		old.Name = t.Name
		if !old.equal(t) {
			p.Last = append(p.Last, Step{t.Name, t.Create(), old.Create()})
		}
	}
	for _, old := range has {
		if !slices.ContainsFunc(want, func(t Table) bool { return t.Name == old.Name || former(t.Name) == old.Name }) {
			p.First = append(p.First, Step{old.Name, old.Drop(), old.Create()})
		}
	}
	return p
}
