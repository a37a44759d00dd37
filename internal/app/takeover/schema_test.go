package takeover_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/app/takeover"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestImportSchema imports databases and demands that nothing is left to do then, and that the baseline goes back and forth.
func TestImportSchema(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/import/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			db := testkit.NewDatabase(t)
			testkit.Exec(t, db, string(text))
			if _, err := own.Apply(t.Context(), db); err != nil { // is left out
				t.Fatal(err)
			}
			a := emptyProject(t)
			s, err := a.Scratch(t.Context(), scratch.Options{URL: db.Config().ConnString()})
			if err != nil {
				t.Fatal(err)
			}
			result, err := takeover.ImportSchema(t.Context(), a, s, db.Config().ConnString(), false)
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Differs) > 0 {
				t.Errorf("the schema differs from the database:\n%s", strings.Join(result.Differs, ";\n"))
			}
			plan, err := change.Diff(t.Context(), a, s, ddl.PlanOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range plan.Files {
				t.Errorf("migrate diff is not empty:\n%s", strings.Join(f.Up, ";\n"))
			}
			schema, err := os.ReadFile(filepath.Join(a.Config.Root, result.Schema))
			if err != nil {
				t.Fatal(err)
			}
			var left strings.Builder
			for _, l := range result.Left {
				left.WriteString("# left out: " + l.What + ": " + l.Why + "\n")
			}
			testkit.Golden(t, strings.TrimSuffix(file, ".sql")+".graphql", []byte(string(schema)+"\n"+left.String()))
		})
	}
}

func emptyProject(t *testing.T) *app.App {
	t.Helper()
	dir := testkit.Folder(t)
	if err := os.WriteFile(filepath.Join(dir, "krowoc.yaml"), []byte("project: shop\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return apptest.New(t, dir)
}
