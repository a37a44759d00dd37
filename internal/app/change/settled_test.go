package change

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// library returns a project with one migration that no other run of the test knows, and a server for scratch databases.
func library(t *testing.T, migration string) (*app.App, *scratch.Server) {
	t.Helper()
	dir := testkit.Folder(t)
	apptest.WriteFiles(t, dir, map[string]string{
		"krowoc.yaml":              "project: library\n",
		"schema.graphql":           "# " + rand.Text() + "\ntype Book @table @auth(rules: []) { id: Int! title: String }",
		"migrations/00001_one.sql": migration,
	})
	return apptest.New(t, dir), scratch.Existing(scratch.Options{URL: testkit.DatabaseURL(t)})
}

// A diff that has found nothing is not repeated until one of its inputs changes.
func TestSettledDiffIsRemembered(t *testing.T) {
	t.Parallel()
	a, s := library(t, "-- +goose Up\n-- +goose ENVSUB ON\nCREATE TABLE books (id int PRIMARY KEY, title ${TYPE:-text}, isbn text);\n-- +goose Down\nDROP TABLE books;\n")
	known := func(o ddl.PlanOptions) bool {
		t.Helper()
		o.Exclude = []string{"x"}
		m, err := settled(t.Context(), a, s, o)
		if err != nil {
			t.Fatal(err)
		}
		_, known := m.Recall()
		if !known {
			m.Remember([]string{"column books.isbn"})
		}
		return known
	}
	if known(ddl.PlanOptions{}) {
		t.Error("a new project is known")
	}
	if !known(ddl.PlanOptions{}) {
		t.Error("the same files are not known")
	}
	if known(ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}}) {
		t.Error("other options are known")
	}
	for what, change := range map[string]func(){
		"another schema": func() {
			apptest.WriteFiles(t, a.Config.Root, map[string]string{"schema.graphql": "type Book @table @auth(rules: []) { id: Int! title: String! }"})
		},
		"another migration": func() {
			apptest.WriteFiles(t, a.Config.Root, map[string]string{"migrations/00002_two.sql": "-- +goose Up\nSELECT 1;\n"})
		},
		"a variable":  func() { a.Env = with(a, "TYPE", "varchar") },
		"another day": func() { now := a.Now().Add(24 * time.Hour); a.Now = func() time.Time { return now } },
	} {
		change()
		if known(ddl.PlanOptions{}) {
			t.Error(what + " is known")
		}
	}
}

func with(a *app.App, name, value string) func(string) string {
	env := a.Env
	return func(n string) string {
		if n == name {
			return value
		}
		return env(n)
	}
}

// Diff recalls what it has found, with what it left in the database, and remembers no plan that has something to do.
func TestDiffRemembers(t *testing.T) {
	t.Parallel()
	a, s := library(t, "-- +goose Up\nCREATE TABLE books (id int PRIMARY KEY, title text, isbn text);\n-- +goose Down\nDROP TABLE books;\n")
	for range 2 {
		plan, err := Diff(t.Context(), a, s, ddl.PlanOptions{})
		if err != nil || len(plan.Files) > 0 || len(plan.Left) != 1 || plan.Left[0] != "column books.isbn" {
			t.Fatalf("%+v, %v", plan, err)
		}
	}
	apptest.WriteFiles(t, a.Config.Root, map[string]string{"schema.graphql": "type Book @table @auth(rules: []) { id: Int! title: String pages: Int }"})
	for range 2 {
		if plan, err := Diff(t.Context(), a, s, ddl.PlanOptions{}); err != nil || len(plan.Files) != 1 {
			t.Fatalf("%+v, %v", plan, err)
		}
	}
}
