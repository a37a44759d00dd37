package takeover_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/change"
	"github.com/krowoc/krowoc/internal/app/takeover"
	"github.com/krowoc/krowoc/internal/fault"
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
			_, result := takeOver(t, a, db)
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

// takeOver imports the schema of a database into an empty project and demands that nothing is left to do then.
func takeOver(t *testing.T, a *app.App, db *pgxpool.Pool) (*scratch.Server, takeover.Schema) {
	t.Helper()
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
	plan, err := change.Diff(t.Context(), a, s, ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range plan.Files {
		t.Errorf("migrate diff --allow-drop is not empty:\n%s", strings.Join(f.Up, ";\n"))
	}
	if len(plan.Left) > 0 {
		t.Errorf("migrate diff speaks of what the import left out: %q", plan.Left)
	}
	return s, result
}

func emptyProject(t *testing.T) *app.App {
	t.Helper()
	dir := testkit.Folder(t)
	if err := os.WriteFile(filepath.Join(dir, "krowoc.yaml"), []byte("project: shop\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return apptest.New(t, dir)
}

// If all tables are in other Postgres schemas, the import fails and names those schemas.
func TestImportWithoutTables(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, `CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY); CREATE SCHEMA audit; CREATE TABLE audit.log (id int PRIMARY KEY)`)
	a := emptyProject(t)
	s, err := a.Scratch(t.Context(), scratch.Options{URL: db.Config().ConnString()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = takeover.ImportSchema(t.Context(), a, s, db.Config().ConnString(), false)
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.CheckFailed || !strings.Contains(f.Message, "schemas with tables: audit, shop") {
		t.Error(err)
	}
	if files, _ := os.ReadDir(a.Config.Root); len(files) != 1 {
		t.Errorf("it wrote files: %v", files)
	}
}
