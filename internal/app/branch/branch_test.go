package branch_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/branch"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// Reset brings the database back to what the files say: rows and tables that are not in them are gone.
func TestReset(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		testkit.Skip(t, "git is not installed: databases do not follow branches")
	}
	dir := testkit.Folder(t)
	apptest.WriteFiles(t, dir, map[string]string{
		"krowoc.yaml":                "project: shop\ndev: {branching: true}\n",
		"schema.graphql":             "type Book @table @auth(rules: []) { id: Int! title: String! }\n",
		"migrations/00001_x.sql":     "-- +goose Up\nCREATE TABLE books (id int PRIMARY KEY, title text NOT NULL);\n-- +goose Down\nDROP TABLE books;\n",
		"seeds/common/01_books.yaml": "Book:\n  - {id: 1, title: Emma}\n",
	})
	if out, err := exec.CommandContext(t.Context(), "git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a := apptest.New(t, dir)
	db, err := a.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for range 2 { // an empty database, and one with more than the files say
		if err := branch.Reset(t.Context(), a, db); err != nil {
			t.Fatal(err)
		}
		if got := testkit.Value(t, db, "SELECT string_agg(title, ', ') || ' ' || (to_regclass('extra') IS NULL) FROM books"); got != "Emma true" {
			t.Error(got)
		}
		testkit.Exec(t, db, "INSERT INTO books VALUES (2, 'Persuasion'); CREATE TABLE extra ()")
	}
	// Without the folder of seeds there is nothing to load.
	if err := os.RemoveAll(dir + "/seeds"); err != nil {
		t.Fatal(err)
	}
	if err := branch.Reset(t.Context(), a, db); err != nil {
		t.Fatal(err)
	}
	if got := testkit.Value(t, db, "SELECT count(*) FROM books"); got != "0" {
		t.Error(got)
	}
}
