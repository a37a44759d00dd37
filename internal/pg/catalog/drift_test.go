package catalog_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/testkit"
)

// readOwned reads a database with the owners that are not the owner of the table versions.
func readOwned(t *testing.T, db *pgxpool.Pool) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Read(t.Context(), db, catalog.Options{Exclude: []string{"versions"}, Owners: "versions"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newRole creates a role. The server of the tests is dropped with it.
func newRole(t *testing.T, db *pgxpool.Pool) string {
	t.Helper()
	role := "drift_" + strings.ToLower(rand.Text()[:8])
	testkit.Exec(t, db, "CREATE ROLE "+role)
	return role
}

// drift renders the drift of a database after statements in which ROLE stands for a role.
func drift(t *testing.T, base, byHand string, ignore ...string) string {
	t.Helper()
	expected, live := testkit.NewDatabase(t), testkit.NewDatabase(t)
	role := newRole(t, live)
	testkit.Exec(t, expected, "CREATE TABLE versions ();"+strings.ReplaceAll(base, "ROLE", role))
	testkit.Exec(t, live, "CREATE TABLE versions ();"+strings.ReplaceAll(base, "ROLE", role))
	testkit.Exec(t, live, strings.ReplaceAll(byHand, "ROLE", role))
	var list []string
	for _, d := range catalog.Drift(readOwned(t, expected), readOwned(t, live), ignore) {
		list = append(list, strings.Join(strings.Fields(d.String()), " "))
	}
	return strings.ReplaceAll(strings.Join(list, "; "), role, "ROLE")
}

const driftBase = `CREATE SCHEMA audit; CREATE TABLE audit.log (at date); CREATE TABLE books (id int, title text); CREATE VIEW titles AS SELECT title FROM books;
	CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE mood AS ENUM ('SAD'); GRANT SELECT ON audit.log TO ROLE;`

// allOwned gives everything to another role, as if it had migrated the database.
const allOwned = `ALTER TABLE versions OWNER TO ROLE; ALTER SCHEMA audit OWNER TO ROLE; ALTER TABLE audit.log OWNER TO ROLE; ALTER TABLE books OWNER TO ROLE;
	ALTER VIEW titles OWNER TO ROLE; ALTER FUNCTION f() OWNER TO ROLE; ALTER TYPE mood OWNER TO ROLE; GRANT SELECT ON audit.log TO ROLE`

func TestDrift(t *testing.T) {
	for name, c := range map[string]struct {
		byHand, want string
		ignore       []string
	}{
		"the owner of a table":    {"ALTER TABLE books OWNER TO ROLE", "table public.books + owner ROLE", nil},
		"the owner of a view":     {"ALTER VIEW titles OWNER TO ROLE", "view public.titles + owner ROLE", nil},
		"the owner of a function": {"ALTER FUNCTION f OWNER TO ROLE", "function public.f() + owner ROLE", nil},
		"the owner of a schema":   {"ALTER SCHEMA audit OWNER TO ROLE", "schema audit + owner ROLE", nil},
		"the owner of a type":     {"ALTER TYPE mood OWNER TO ROLE", "enum public.mood + owner ROLE", nil},
		"another migrating role":  {allOwned, "", nil},
		"owners, ignored":         {"ALTER TABLE books OWNER TO ROLE, ADD x int", "table public.books + column x integer", []string{"owners"}},
		"comments, ignored":       {"COMMENT ON TABLE books IS 'x'; COMMENT ON COLUMN books.id IS 'x'", "", []string{"comments"}},
		"grants, ignored":         {"GRANT SELECT ON books TO ROLE; GRANT UPDATE (id) ON books TO ROLE; GRANT USAGE ON SCHEMA audit TO ROLE; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ROLE", "", []string{"grants"}},
		"hardening, ignored":      {"REVOKE ALL ON FUNCTION f FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC", "", []string{"grants"}},
		"a missing grant":         {"REVOKE SELECT ON audit.log FROM ROLE", "table audit.log - grant SELECT TO ROLE", []string{"grants"}},
		"a pattern":               {"DROP SCHEMA audit CASCADE; ALTER TABLE books ADD x int", "table public.books + column x integer", []string{"audit.*"}},
		"a table":                 {"ALTER TABLE books ADD x int; CREATE TABLE bookshelves (n int); CREATE TRIGGER t BEFORE UPDATE ON books EXECUTE FUNCTION suppress_redundant_updates_trigger()", "+ table public.bookshelves + column n integer", []string{"books"}},
		"a kind":                  {"CREATE PUBLICATION p FOR TABLE books; CREATE TABLE publications ()", "+ table public.publications", []string{"publication *"}},
		"the schema of a tool":    {`CREATE SCHEMA sqitch; CREATE TABLE sqitch.changes (); CREATE TYPE sqitch.e AS ENUM ('x')`, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := drift(t, driftBase, c.byHand, c.ignore...); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

// Migrations that name the migrating role as an owner build the same as it does without them.
func TestOwnerThatMigrates(t *testing.T) {
	expected, live := testkit.NewDatabase(t), testkit.NewDatabase(t)
	role := newRole(t, live)
	testkit.Exec(t, expected, "CREATE TABLE versions (); CREATE TABLE books (); ALTER TABLE books OWNER TO "+role)
	testkit.Exec(t, live, "CREATE TABLE versions (); CREATE TABLE books (); ALTER TABLE versions OWNER TO "+role+"; ALTER TABLE books OWNER TO "+role)
	if list := catalog.Drift(readOwned(t, expected), readOwned(t, live), nil); len(list) > 0 {
		t.Error(list)
	}
}
