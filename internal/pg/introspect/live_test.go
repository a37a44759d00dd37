package introspect_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/changes"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A table whose changes are noted becomes a live type, and its triggers are not left out.
func TestLiveTables(t *testing.T) {
	db := testkit.NewDatabase(t)
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, db, `CREATE TABLE notes (id int PRIMARY KEY); CREATE TABLE "Odd on public.x" (id int PRIMARY KEY); CREATE TABLE others (id int PRIMARY KEY)`)
	for _, name := range []string{"notes", "Odd on public.x"} {
		for _, sql := range (changes.Table{Name: name, Key: []string{"id"}}).Create() {
			testkit.Exec(t, db, sql)
		}
	}
	c, err := catalog.Read(t.Context(), db, catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result := schemaOf(t, c, nil)
	if strings.Count(result.Text, "@live") != 2 || !strings.Contains(result.Text, "type Note @table @live") {
		t.Error(result.Text)
	}
	for _, left := range result.Left {
		if strings.Contains(left.What, "trigger") {
			t.Errorf("%+v", left)
		}
	}
}
