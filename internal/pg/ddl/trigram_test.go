package ddl_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A plan creates the extension of a TRIGRAM index before it, and a later one drops the index again. Plan itself demands that each can be rolled back.
func TestTrigramIndex(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	without, with := `type Book @table { title: String! @index }`, `type Book @table @index(fields: ["title"], type: TRIGRAM, name: "titles") { title: String! @index }`
	move(t, db, target(t, without), ddl.PlanOptions{})
	plan := show(move(t, db, target(t, with), ddl.PlanOptions{}))
	created, indexed := strings.Index(plan, "CREATE EXTENSION pg_trgm"), strings.Index(plan, "titles ON books USING gin (title gin_trgm_ops)")
	if created < 0 || indexed < created {
		t.Errorf("the plan does not create the extension and then the index:\n%s", plan)
	}
	if plan := show(move(t, db, target(t, without), ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})); !strings.Contains(plan, "DROP INDEX CONCURRENTLY titles") {
		t.Errorf("the plan does not drop the index:\n%s", plan)
	}
}
