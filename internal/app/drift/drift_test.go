package drift_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/drift"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// driftOf migrates a database with two files, changes it by hand, and renders its drift.
func driftOf(t *testing.T, before, after string, environ ...string) string {
	t.Helper()
	dir, db := testkit.Folder(t), testkit.NewDatabase(t)
	name := db.Config().ConnConfig.Database
	testkit.Exec(t, db, strings.ReplaceAll(before, "NAME", name)+";")
	apptest.WriteFiles(t, dir, map[string]string{
		"krowoc.yaml":              "project: library\n",
		"migrations/1_books.sql":   "-- +goose Up\nCREATE TABLE books (id int PRIMARY KEY, title text);\n-- +goose Down\nDROP TABLE books;\n",
		"migrations/2_authors.sql": "-- +goose Up\nCREATE TABLE authors AS SELECT id FROM books;\nCREATE VIEW titles AS SELECT title FROM books;\n-- +goose Down\nDROP VIEW titles;\nDROP TABLE authors;\n",
	})
	a := apptest.New(t, dir, append(environ, "KROWOC_DATABASE_URL="+db.Config().ConnString())...)
	apptest.Migrate(t, a)
	testkit.Exec(t, db, after+";")
	s, err := a.Scratch(t.Context(), scratch.Options{URL: db.Config().ConnString()})
	if err != nil {
		t.Fatal(err)
	}
	live, err := a.Connect(t.Context(), db.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	d, err := drift.Find(t.Context(), a, live, s)
	if err != nil || d.Applied != 2 {
		t.Errorf("%+v, %v", d, err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(d.Differences), "["), "]")
}

// The tables of a tenant are in its own Postgres schema, to which the search path of its database or role leads.
func TestDriftWithSearchPath(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"a tenant":           `CREATE SCHEMA "Tenant 1"; GRANT USAGE ON SCHEMA "Tenant 1" TO PUBLIC; ALTER DATABASE NAME SET search_path = "Tenant 1", public`,
		"only the tenant":    `CREATE SCHEMA tenant; ALTER DATABASE NAME SET search_path = tenant`,
		"the schema of user": `DO $$ BEGIN EXECUTE format('CREATE SCHEMA %I', current_user); END $$`,
		"without a schema":   `ALTER DATABASE NAME SET search_path = nowhere, public`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := driftOf(t, before, "SELECT 1"); got != "" {
				t.Error(got)
			}
		})
	}
	if got := driftOf(t, `CREATE SCHEMA tenant; ALTER DATABASE NAME SET search_path = tenant`, "ALTER TABLE tenant.books ADD x int"); got != "  table tenant.books\n+     column x integer" {
		t.Error(got)
	}
}

func TestDriftIgnores(t *testing.T) {
	t.Parallel()
	const byHand = `GRANT SELECT ON books TO PUBLIC; CREATE SCHEMA audit; CREATE TABLE audit.log (); CREATE TABLE alembic_version (v text); CREATE TABLE "_prisma_migrations" (id serial);
		CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial)`
	if got := driftOf(t, "SELECT 1", byHand, "KROWOC_DRIFT_IGNORE=grants,audit.*"); got != "" {
		t.Error(got)
	}
	if got := driftOf(t, "SELECT 1", byHand); got != "+ schema audit + table audit.log   table public.books\n+     grant SELECT TO PUBLIC" {
		t.Error(got)
	}
}
