package takeover

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A rollback that leaves something behind is refused, and one that works is not kept.
func TestRollbackOfBaseline(t *testing.T) {
	t.Parallel()
	up := []string{"CREATE TABLE a (id serial PRIMARY KEY)", "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'"}
	db := testkit.NewDatabase(t)
	err := applyBaseline(t.Context(), db, &migrate.Draft{Up: up, Down: []string{"DROP TABLE a"}})
	if err == nil || !strings.Contains(err.Error(), "one() behind") {
		t.Error(err)
	}
	db = testkit.NewDatabase(t)
	if err := applyBaseline(t.Context(), db, &migrate.Draft{Up: up, Down: []string{"DROP TABLE a", "DROP FUNCTION one()"}}); err != nil {
		t.Error(err)
	}
	if got := testkit.Value(t, db, "SELECT count(*) FROM a"); got != "0" {
		t.Error("the table is gone")
	}
}
