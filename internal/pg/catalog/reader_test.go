package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/testkit"
)

// again reads with a reader that may have read before.
func again(t testing.TB, r *catalog.Reader) *catalog.Catalog {
	t.Helper()
	c, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Definitions contain names of other objects. A reader must not keep a definition when one of them has another name.
func TestReaderSeesChangedNames(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, `
		CREATE SCHEMA other;
		CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN email AS text; CREATE TYPE pair AS (a int, b int);
		CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2';
		CREATE COLLATION german (provider = libc, locale = 'C'); CREATE SEQUENCE numbers;
		CREATE TABLE teams (id int PRIMARY KEY, name text);
		CREATE TABLE people (id serial PRIMARY KEY, number int DEFAULT nextval('numbers'), mood mood DEFAULT 'sad', email email, pair pair CHECK ((pair).a > 0),
			team int REFERENCES teams (id), name text COLLATE german, whole teams[] CHECK ((whole[1]).name <> ''), CHECK (twice(id) > 0));
		CREATE INDEX names ON people (lower(name)) WHERE twice(id) > 1;
		COMMENT ON INDEX names IS 'the names'`)
	reader := catalog.NewReader(db, catalog.Options{})
	again(t, reader)
	for _, change := range []string{
		"ALTER TYPE mood RENAME VALUE 'sad' TO 'down'", "ALTER TYPE mood RENAME TO temper", "ALTER DOMAIN email RENAME TO address",
		"ALTER TYPE pair RENAME ATTRIBUTE a TO first", "ALTER TYPE pair RENAME TO two", "ALTER FUNCTION twice RENAME TO doubled",
		"ALTER FUNCTION doubled SET SCHEMA other", "ALTER SCHEMA other RENAME TO others", "ALTER COLLATION german RENAME TO deutsch",
		"ALTER SEQUENCE numbers RENAME TO counts", "ALTER TABLE teams RENAME COLUMN id TO key", "ALTER TABLE teams RENAME COLUMN name TO title",
		"ALTER TABLE teams RENAME TO groups", "ALTER TABLE groups SET SCHEMA others", "COMMENT ON INDEX names IS 'some names'", "COMMENT ON INDEX names IS NULL",
		"ALTER TABLE people RENAME TO persons", "CREATE TABLE people (id int)", "ALTER TABLE people ADD name text", "DROP TABLE persons",
		"ALTER INDEX IF EXISTS names RENAME TO x", "DROP TABLE people; CREATE TABLE people (id text)",
	} {
		testkit.Exec(t, db, change)
		full, err := catalog.Read(t.Context(), db, catalog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(full, again(t, reader)); diff != "" {
			t.Errorf("after %s: %s", change, diff)
		}
	}
}

// What a caller does with a catalog does not change the next one.
func TestReaderKeepsItsMemory(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "CREATE TABLE people (id int PRIMARY KEY, name text)")
	reader := catalog.NewReader(db, catalog.Options{})
	first := again(t, reader)
	first.Table("public", "people").Columns[0].Name = strings.Repeat("x", 3)
	first.Table("public", "people").Constraints = nil
	if c := again(t, reader).Table("public", "people"); c.Columns[0].Name != "id" || len(c.Constraints) != 1 {
		t.Errorf("%+v", c)
	}
}

// A reader of a copy begins with what the reader of the original knows, and sees what differs.
func TestReaderOfACopy(t *testing.T) {
	db := testkit.NewDatabase(t)
	server := scratch.Existing(scratch.Options{URL: db.Config().ConnString()})
	original, drop, err := server.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, original, `CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE SCHEMA other;
		CREATE TABLE teams (id int PRIMARY KEY, name text); CREATE TABLE other.notes (id int PRIMARY KEY, mood mood DEFAULT 'sad');
		CREATE TABLE people (id serial PRIMARY KEY, team int REFERENCES teams (id)); CREATE INDEX ON people (team)`)
	reader := catalog.NewReader(original, catalog.Options{})
	again(t, reader)
	for _, exclude := range [][]string{nil, {"teams"}, {"other.notes", "people"}} {
		copied, dropCopy, err := server.Copy(t.Context(), original)
		if err != nil {
			t.Fatal(err)
		}
		o := catalog.Options{Exclude: exclude}
		ofCopy := reader.ForCopy(copied, o)
		for _, change := range []string{
			"SELECT 1", "ALTER TABLE teams ADD code text", "ALTER TYPE mood RENAME VALUE 'sad' TO 'down'", "CREATE TABLE more (id int)",
			"ALTER TABLE people RENAME TO persons", "ALTER TABLE teams RENAME id TO key", "DROP TABLE other.notes",
		} {
			testkit.Exec(t, copied, change)
			full, err := catalog.Read(t.Context(), copied, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(full, again(t, ofCopy)); diff != "" {
				t.Errorf("without %v after %s: %s", exclude, change, diff)
			}
		}
		if err := dropCopy(); err != nil {
			t.Error(err)
		}
	}
	if err := drop(); err != nil {
		t.Error(err)
	}
}
