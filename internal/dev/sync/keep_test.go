package sync_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// next ends the session and begins another one, which finds what the first has kept.
func (p *project) next(t *testing.T) {
	t.Helper()
	if p.syncer != nil {
		if err := p.syncer.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	o := p.options()
	o.WriteBuild = func(w io.Writer) error { _, err := fmt.Fprintf(w, "%v", p.files); return err }
	p.syncer = sync.New(o)
}

// created returns which databases exist that this test has created, by their OIDs.
func created(t *testing.T, p *project) string {
	t.Helper()
	return testkit.Value(t, p.db, `SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_database WHERE datname LIKE 'krowoc\_scratch\_%'`)
}

// Not parallel: syncers drop the scratch databases that others have left on the server.
func TestScratchDatabasesAreKept(t *testing.T) {
	p := newProject(t)
	testkit.Exec(t, p.db, ddl.CreateUUIDFunction) // every schema's database has it
	p.files["00000_uuid.sql"] = &fstest.MapFile{Data: []byte(ddl.CreateUUIDFunction)}
	p.next(t)
	p.close(t)
	types := parse(t, "type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) old: String }")
	prepare := func() string {
		t.Helper()
		if err := p.syncer.Prepare(t.Context(), p.db, types); err != nil {
			t.Fatal(err)
		}
		return created(t, p)
	}
	// The migrations build what the schema describes, so they need not run again.
	databases := prepare()
	if p.built != 0 || len(strings.Fields(databases)) != 2 {
		t.Errorf("the migrations ran %d times; the databases are %s", p.built, databases)
	}
	if got := strings.Join(p.sync(t, "old: String title: String"), ";"); !strings.Contains(got, "title") {
		t.Errorf("a new field makes %q", got)
	}
	if again := created(t, p); again != databases || p.built != 0 {
		t.Errorf("the first save creates databases: %s after %s; the migrations ran %d times", again, databases, p.built)
	}

	// The next session takes both databases over, with the unsaved field.
	p.next(t)
	if again := prepare(); again != databases || p.built != 0 {
		t.Errorf("the second session has %s after %s; the migrations ran %d times", again, databases, p.built)
	}
	p.sync(t, "old: String pages: Int")
	if got := p.columns(t); got != "id old pages" {
		t.Errorf("books has %s", got)
	}

	// One that finds other migrations does not.
	p.next(t)
	testkit.Exec(t, p.db, function)
	p.files["00002_one.sql"] = &fstest.MapFile{Data: []byte(function)}
	if again := prepare(); again == databases || p.built != 1 {
		t.Errorf("the third session has %s after %s; the migrations ran %d times", again, databases, p.built)
	}
	p.sync(t, `old: String one: Int! @default(sql: "one()")`) // the schema's database is a copy of what the migrations build
	databases = created(t, p)
	p.next(t)
	p.sync(t, `old: String one: Int! @default(sql: "one()") two: Int! @default(sql: "one()")`)
	if got := p.columns(t); got != "id old one two" || created(t, p) != databases || p.built != 1 {
		t.Errorf("books has %s; the databases are %s after %s; the migrations ran %d times", got, created(t, p), databases, p.built)
	}

	// A value of an enum cannot be removed again: the database is not what the migrations build.
	p.next(t)
	testkit.Exec(t, p.db, "CREATE TYPE kind AS ENUM ('A')")
	p.files["00003_kind.sql"] = &fstest.MapFile{Data: []byte("CREATE TYPE kind AS ENUM ('A')")}
	both := "enum Kind { A B } type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) old: String kind: Kind }"
	if _, err := p.syncer.Sync(t.Context(), p.db, parse(t, both)); err != nil {
		t.Fatal(err)
	}
	p.next(t)
	if _, err := p.syncer.Sync(t.Context(), p.db, parse(t, both)); err != nil {
		t.Errorf("after a value of an enum was added: %v", err)
	}
}

// A session that ends after its migrations have changed keeps nothing of the earlier ones under the name of the new ones.
func TestScratchDatabasesOfOtherMigrationsAreNotKept(t *testing.T) {
	p := newProject(t)
	testkit.Exec(t, p.db, function)
	p.files["00002_one.sql"] = &fstest.MapFile{Data: []byte(function)}
	p.next(t)
	p.sync(t, `old: String one: Int! @default(sql: "one()")`) // the schema's database is a copy of what the migrations build
	before := strings.Fields(created(t, p))

	const renamed = "CREATE FUNCTION uno() RETURNS int LANGUAGE sql AS 'SELECT 1'"
	p.files["00002_one.sql"] = &fstest.MapFile{Data: []byte(renamed)}
	p.next(t)
	p.close(t)
	testkit.Exec(t, p.db, "DROP TABLE krowoc.unsaved; ALTER TABLE books DROP COLUMN one; DROP FUNCTION one; "+renamed)
	err := p.syncer.Prepare(t.Context(), p.db, parse(t, `type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) old: String two: Int! @default(sql: "one()") }`))
	if err == nil || !strings.Contains(err.Error(), "function one() does not exist") {
		t.Errorf("the schema's database still has the former function: %v", err)
	}
	for _, oid := range before {
		if strings.Contains(created(t, p), oid) {
			t.Errorf("the second session has database %s", oid)
		}
	}
}

// What Postgres refuses of a schema is refused in every session: a database with the rest of the schema does not contain the schema.
func TestRefusedSchemaIsNotKept(t *testing.T) {
	types := parse(t, `type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) old: String one: Int! @default(sql: "missing()") }
		type Shelf @table @auth(rules: []) { name: String! }`)
	for _, prepared := range []bool{false, true} {
		p := newProject(t)
		testkit.Exec(t, p.db, ddl.CreateUUIDFunction)
		p.files["00000_uuid.sql"] = &fstest.MapFile{Data: []byte(ddl.CreateUUIDFunction)}
		for session := range 3 {
			p.next(t)
			if prepared {
				_ = p.syncer.Prepare(t.Context(), p.db, types)
			}
			statements, err := p.syncer.Sync(t.Context(), p.db, types)
			if err == nil || !strings.Contains(err.Error(), "missing()") {
				t.Errorf("prepared %t, session %d: %q, %v", prepared, session, statements, err)
			}
		}
		p.close(t)
	}
}
