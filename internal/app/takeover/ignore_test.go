package takeover_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/drift"
	"github.com/krowoc/krowoc/internal/app/takeover"
	"github.com/krowoc/krowoc/internal/testkit"
)

// `krowoc migrate drift` reports nothing after an import: the baseline contains the grants to PUBLIC, and grants to roles are ignored.
func TestNoDriftAfterImport(t *testing.T) {
	t.Parallel()
	const base = "CREATE TABLE orders (id int PRIMARY KEY); CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2';"
	const toPublic = "GRANT CREATE ON SCHEMA public TO PUBLIC; GRANT SELECT ON orders TO PUBLIC; REVOKE EXECUTE ON FUNCTION two() FROM PUBLIC;"
	for name, c := range map[string]struct{ sql, config, ignored, byHand string }{
		"no grants":            {base, "project: shop\n", "", ""},
		"grants to PUBLIC":     {base + toPublic, "project: shop\n", "", ""},
		"grants to a role":     {base + toPublic + "GRANT SELECT ON orders TO pg_monitor;", "project: shop # mine\n", "grants", ""},
		"default privileges":   {base + "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor;", "project: shop\n", "grants", ""},
		"a setting":            {base + "GRANT SELECT ON orders TO pg_monitor;", "project: shop\ndrift:\n  ignore: [grants]\n", "", ""},
		"a setting of another": {base + "GRANT SELECT ON orders TO pg_monitor;", "project: shop\ndrift:\n  ignore: [comments]\n", "", "grants"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t)
			testkit.Exec(t, db, c.sql)
			a := emptyProject(t)
			file := filepath.Join(a.Config.Root, "krowoc.yaml")
			if err := os.WriteFile(file, []byte(c.config), 0o644); err != nil {
				t.Fatal(err)
			}
			s, result := takeOver(t, apptest.New(t, a.Config.Root), db)
			if strings.Join(result.Ignored, " ") != c.ignored || strings.Join(result.IgnoreByHand, " ") != c.byHand {
				t.Errorf("ignored %q, by hand %q", result.Ignored, result.IgnoreByHand)
			}
			if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), c.config) {
				t.Errorf("%s, %v", text, err)
			}
			a = apptest.New(t, a.Config.Root)
			if _, err := takeover.RecordBaseline(t.Context(), a, db); err != nil {
				t.Fatal(err)
			}
			found, err := drift.Find(t.Context(), a, db, s)
			if err != nil || (len(found.Differences) > 0) != (c.byHand != "") {
				t.Errorf("%v, %v", found.Differences, err)
			}
		})
	}
}
