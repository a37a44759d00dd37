package app

import (
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/pg/rls"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A server that runs finds that somebody has turned row-level security off, without an operation that waits for it.
func TestEnforcementIsCheckedAgain(t *testing.T) {
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: `type Note @table @auth(rules: [{ allow: PUBLIC }]) { text: String }`})
	if mistakes.Errors() > 0 {
		t.Fatal(mistakes)
	}
	api, err := graph.New(s, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := api.Policies()
	if err != nil {
		t.Fatal(err)
	}
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "CREATE TABLE notes (id uuid PRIMARY KEY, text text)")
	e := &enforcement{options: rls.Options{Enforce: true}, tables: tables, pool: db}
	plan, err := rls.Make(t.Context(), db, tables, e.options)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range plan.Up {
		testkit.Exec(t, db, sql)
	}
	if err := e.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, db, "ALTER TABLE notes DISABLE ROW LEVEL SECURITY")
	if err := e.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	e.at = time.Now().Add(-2 * enforcementAge)
	e.mu.Unlock()
	for until := time.Now().Add(time.Minute); fault.CodeOf(err) != fault.CheckFailed; time.Sleep(time.Millisecond) {
		if err = e.Check(t.Context()); time.Now().After(until) {
			t.Fatalf("it still passes: %v", err)
		}
	}
}
