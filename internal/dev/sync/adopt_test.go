package sync_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/pg/clone"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/testkit"
)

// notes is a memory of one comparison.
type notes struct {
	list  []string
	known bool
}

func (n *notes) Recall() ([]string, bool) { return n.list, n.known }

func (n *notes) Remember(list []string) { n.list, n.known = list, true }

const oneField = "type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) old: String }"

// fresh returns a project whose database has a table of the migration tool and a row, as migrations can leave them.
func fresh(t *testing.T, known *notes, migrated *bool) *project {
	t.Helper()
	p := newProject(t)
	testkit.Exec(t, p.db, ddl.CreateUUIDFunction+"; CREATE TABLE versions (n int); INSERT INTO books (old) VALUES ('a')")
	o := p.options()
	o.Server = scratch.Existing(scratch.Options{URL: at(t, p.db, "postgres")})
	o.Exclude = []string{"versions"}
	o.Migrated = func(context.Context, *pgxpool.Pool) (bool, error) { return *migrated, nil }
	o.Settled = func(context.Context, *schema.Schema) (sync.Memory, error) { return known, nil }
	p.syncer = sync.New(o)
	p.close(t)
	return p
}

// at returns the URL of another database on the server.
func at(t *testing.T, db *pgxpool.Pool, name string) string {
	t.Helper()
	u, err := clone.WithDatabase(db.Config().ConnString(), name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// tables returns the OIDs of a table in the scratch databases. A copy of a database has the same OIDs.
func tables(t *testing.T, p *project, table string) (oids []string) {
	t.Helper()
	names := testkit.Value(t, p.db, `SELECT coalesce(string_agg(datname, ' '), '') FROM pg_database WHERE datname LIKE 'krowoc\_scratch\_%'`)
	for name := range strings.FieldsSeq(names) {
		db, err := pgxpool.New(t.Context(), at(t, p.db, name))
		if err != nil {
			t.Fatal(err)
		}
		oids = append(oids, testkit.Value(t, db, "SELECT coalesce(to_regclass('"+table+"')::oid, 0)"))
		db.Close()
	}
	return oids
}

// A session with a new database copies it before others use it. The first save then waits for no table to be created: not by the migrations,
// and not by the schema. Not parallel: syncers drop the scratch databases that others have left on the server.
func TestNewDatabaseIsCopied(t *testing.T) {
	known, migrated := &notes{}, true
	sessions := []struct {
		name   string
		before func()
		again  int // scratch databases that are no copies
	}{
		{name: "nobody has compared", before: func() {}, again: 2},
		{name: "they are the same", before: func() {}},
		{name: "the migrations have changed since", before: func() { migrated = false }, again: 2},
		{name: "the database has more", before: func() { migrated, known.list = true, nil }, again: 1},
	}
	for _, s := range sessions {
		p := fresh(t, known, &migrated)
		s.before()
		original := testkit.Value(t, p.db, "SELECT 'books'::regclass::oid")
		if got, err := p.syncer.SyncNew(t.Context(), p.db, parse(t, oneField), true); err != nil || len(got) > 0 {
			t.Fatalf("%s: %q, %v", s.name, got, err)
		}
		if n := len(tables(t, p, "books")); n != 1 {
			t.Errorf("%s: %d databases after the start", s.name, n)
		}
		if err := p.syncer.Prepare(t.Context(), p.db, parse(t, oneField)); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		again := 0
		for _, oid := range tables(t, p, "books") {
			if oid != original {
				again++
			}
		}
		if p.built > 0 || again != s.again {
			t.Errorf("%s: the migrations ran %d times, and %d scratch databases are no copies", s.name, p.built, again)
		}
		for _, fields := range []string{"old: String title: String @unique", "old: String", "old: String pages: Int"} {
			p.sync(t, fields)
		}
		if got := p.columns(t); got != "id old pages" {
			t.Errorf("%s: books has %s", s.name, got)
		}
		if err := p.syncer.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A copy that no change has used is dropped, and a database that somebody uses is not copied.
func TestAdoptedDatabaseIsDropped(t *testing.T) {
	known, migrated := &notes{[]string{"exact"}, true}, true
	p := fresh(t, known, &migrated)
	for _, used := range []bool{false, true} {
		if used {
			conn, err := pgxpool.New(t.Context(), p.db.Config().ConnString())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			testkit.Exec(t, conn, "SELECT 1")
		}
		if _, err := p.syncer.SyncNew(t.Context(), p.db, parse(t, oneField), true); err != nil {
			t.Fatal(err)
		}
		if n := len(tables(t, p, "books")); (n == 0) != used {
			t.Errorf("used %t: there are %d copies", used, n)
		}
		if err := p.syncer.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(tables(t, p, "books")); n > 0 {
			t.Errorf("used %t: %d copies are left", used, n)
		}
	}
}
