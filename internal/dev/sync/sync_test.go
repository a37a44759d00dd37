package sync_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/dev/sync"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func parse(t *testing.T, text string) *schema.Schema {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if mistakes.Errors() > 0 {
		t.Fatal(mistakes)
	}
	return s
}

// has reports whether an expression is true in a database.
func has(t *testing.T, db *pgxpool.Pool, expression string) bool {
	t.Helper()
	return testkit.Value(t, db, expression) == "true"
}

// unsaved returns how many unsaved changes a database has.
func unsaved(t *testing.T, db *pgxpool.Pool) int {
	t.Helper()
	list, err := sync.Read(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

const (
	tableA = "to_regclass('a') IS NOT NULL"
	tableB = "to_regclass('b') IS NOT NULL"
)

func TestApplyAndUndo(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	if n := unsaved(t, db); n > 0 { // the table of unsaved changes does not exist yet
		t.Errorf("a new database has %d", n)
	}
	if err := sync.Undo(t.Context(), db); err != nil {
		t.Errorf("undo nothing: %v", err)
	}
	changes := []sync.Change{
		{Up: []string{"CREATE TABLE a (n int)", "CREATE TYPE e AS ENUM ('x')"}, Down: []string{"DROP TYPE e", "DROP TABLE a"}},
		{Up: []string{"ALTER TYPE e ADD VALUE 'y'"}, Down: []string{}},
		{Up: []string{"CREATE TABLE b (e e DEFAULT 'y')"}, Down: []string{"DROP TABLE b"}}, // uses the value that the one before adds
	}
	if err := sync.Apply(t.Context(), db, changes); err != nil {
		t.Fatal(err)
	}
	got, err := sync.Read(t.Context(), db)
	if diff := cmp.Diff(changes, got); err != nil || diff != "" {
		t.Errorf("%v\n-want +got:\n%s", err, diff)
	}
	if err := sync.Undo(t.Context(), db); err != nil { // only the reverse order works
		t.Fatal(err)
	}
	if has(t, db, tableA) || has(t, db, tableB) || unsaved(t, db) > 0 {
		t.Error("something is left")
	}
}

// A change that was undone and made again is another one: what was planned for the first may not fit.
func TestChangeIsMadeAgain(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	change := []sync.Change{{Up: []string{"CREATE TABLE a (n int)"}, Down: []string{"DROP TABLE a"}}}
	var ids [2]int64
	for i := range ids {
		if err := errors.Join(sync.Undo(t.Context(), db), sync.Apply(t.Context(), db, change)); err != nil {
			t.Fatal(err)
		}
		var err error
		if ids[i], err = sync.Last(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []bool{false, true} {
		if there, err := sync.IsThere(t.Context(), db, ids[i]); there != want || err != nil {
			t.Errorf("%d: %v, %v", i, there, err)
		}
	}
}

// When a change fails, those before it are undone, and those of an earlier call are not.
func TestApplyFails(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	if err := sync.Apply(t.Context(), db, []sync.Change{{Up: []string{"CREATE TABLE a (n int)"}, Down: []string{"DROP TABLE a"}}}); err != nil {
		t.Fatal(err)
	}
	err := sync.Apply(t.Context(), db, []sync.Change{
		{Up: []string{"CREATE TABLE b (n int)"}, Down: []string{"DROP TABLE b"}},
		{Up: []string{"CREATE TABLE c (n int)", "CREATE TABLE a (n int)"}, Down: []string{"DROP TABLE c"}},
	})
	if err == nil || !strings.Contains(err.Error(), `"a" already exists`) {
		t.Errorf("%v", err)
	}
	if !has(t, db, tableA) || has(t, db, tableB) || has(t, db, "to_regclass('c') IS NOT NULL") || unsaved(t, db) != 1 {
		t.Error("it is not as it was")
	}
}

// An undo that fails keeps the change, so that it can be undone later.
func TestUndoFails(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	changes := []sync.Change{
		{Up: []string{"CREATE TABLE a (n int)"}, Down: []string{"DROP TABLE a"}},
		{Up: []string{"CREATE TABLE b (n int)"}, Down: []string{"DROP TABLE b"}},
	}
	if err := sync.Apply(t.Context(), db, changes); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, db, "CREATE VIEW v AS TABLE a")
	if err := sync.Undo(t.Context(), db); err == nil {
		t.Error("a table that a view needs is dropped")
	}
	if !has(t, db, tableA) || has(t, db, tableB) || unsaved(t, db) != 1 {
		t.Error("the first change is not kept")
	}
	testkit.Exec(t, db, "DROP VIEW v")
	if err := sync.Undo(t.Context(), db); err != nil || has(t, db, tableA) {
		t.Errorf("undo it again: %v", err)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	last := func() int64 {
		t.Helper()
		id, err := sync.Last(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if err := sync.Forget(t.Context(), db, last()); err != nil { // the table of unsaved changes does not exist yet
		t.Fatal(err)
	}
	if err := sync.Apply(t.Context(), db, []sync.Change{{Up: []string{"CREATE TABLE a (n int)"}, Down: []string{"DROP TABLE a"}}}); err != nil {
		t.Fatal(err)
	}
	saved := last()
	if err := sync.Apply(t.Context(), db, []sync.Change{{Up: []string{"CREATE TABLE b (n int)"}, Down: []string{"DROP TABLE b"}}}); err != nil {
		t.Fatal(err)
	}
	if err := sync.Forget(t.Context(), db, saved); err != nil {
		t.Fatal(err)
	}
	if unsaved(t, db) != 1 || !has(t, db, tableA) { // a change that came after those that are saved stays
		t.Error("it forgets the table, or not the change")
	}
	if err := sync.Forget(t.Context(), db, last()); err != nil || unsaved(t, db) > 0 || last() != 0 {
		t.Errorf("something is left: %v", err)
	}
}

const (
	function  = "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'"
	migration = `CREATE TABLE books (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, old text)`
)

// project is a database that one migration has built, and a syncer for it.
type project struct {
	db     *pgxpool.Pool
	server *scratch.Server
	syncer *sync.Syncer
	files  fstest.MapFS // migrations
	built  int          // how often the scratch databases were made
}

func newProject(t *testing.T) *project {
	t.Helper()
	p := &project{db: testkit.NewDatabase(t), files: fstest.MapFS{"00001_books.sql": &fstest.MapFile{Data: []byte(migration)}}}
	testkit.Exec(t, p.db, migration)
	p.server = scratch.Existing(scratch.Options{URL: p.db.Config().ConnString()})
	p.syncer = sync.New(p.options())
	p.close(t)
	return p
}

// options are those of a session.
func (p *project) options() sync.Options {
	return sync.Options{
		Server: p.server, Migrations: p.files,
		Build: func(ctx context.Context, s *scratch.Server) (*pgxpool.Pool, func() error, error) {
			p.built++
			db, drop, err := s.Database(ctx)
			for _, name := range slices.Sorted(maps.Keys(p.files)) {
				if err == nil {
					if _, err = db.Exec(ctx, string(p.files[name].Data)); err != nil {
						err = errors.Join(err, drop())
					}
				}
			}
			return db, drop, err
		},
	}
}

// close closes the syncer at the end of a test.
func (p *project) close(t *testing.T) {
	y := p.syncer
	t.Cleanup(func() {
		if err := y.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// sync returns the statements for a type Book with some fields.
func (p *project) sync(t *testing.T, fields string) []string {
	t.Helper()
	statements, err := p.syncer.Sync(t.Context(), p.db, parse(t, "type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) "+fields+" }"))
	if err != nil {
		t.Fatal(err)
	}
	return statements
}

// columns returns the columns of books.
func (p *project) columns(t *testing.T) string {
	t.Helper()
	return testkit.Value(t, p.db, "SELECT string_agg(attname, ' ' ORDER BY attname) FROM pg_attribute WHERE attrelid = 'books'::regclass AND attnum > 0 AND NOT attisdropped")
}

// memory counts how often it is used.
type memory struct{ remembered, recalled int }

func (m *memory) Recall() ([]string, bool) {
	if m.remembered > 0 {
		m.recalled++
	}
	return nil, m.remembered > 0
}

func (m *memory) Remember([]string) { m.remembered++ }

// Not parallel, and one test: syncers drop the scratch databases that others have left on the server.
func TestSync(t *testing.T) {
	var known memory
	p := newProject(t)
	if got := p.sync(t, "old: String"); len(got) > 0 || p.built > 0 {
		t.Errorf("tables that match get %q, and the scratch databases were made %d times", got, p.built)
	}
	if err := p.syncer.Prepare(t.Context(), p.db, parse(t, "type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) old: String }")); err != nil || p.built != 1 {
		t.Errorf("the scratch databases were made %d times in advance: %v", p.built, err)
	}
	if got := p.sync(t, "title: String"); len(got) == 0 || !strings.Contains(strings.Join(got, ";"), "title") {
		t.Errorf("a new field makes %q", got)
	}
	if got := p.columns(t); got != "id old title" { // what the migration builds stays
		t.Errorf("books has %s", got)
	}
	if got := p.sync(t, "title: String"); len(got) > 0 {
		t.Errorf("the same schema again makes %q", got)
	}
	p.sync(t, "title: String pages: Int")
	if got := p.columns(t); got != "id old pages title" {
		t.Errorf("books has %s", got)
	}
	if p.built != 1 {
		t.Errorf("the scratch databases were made %d times", p.built)
	}
	p.sync(t, "pages: Int") // what only a change has made goes with its field
	if got := p.columns(t); got != "id old pages" {
		t.Errorf("books has %s", got)
	}

	// The type of an unsaved field changes: its values stay where Postgres can turn them into the other type.
	testkit.Exec(t, p.db, "INSERT INTO books (pages) VALUES (7)")
	p.sync(t, "pages: String")
	if got := testkit.Value(t, p.db, "SELECT pages FROM books"); got != "7" {
		t.Errorf("pages is %s", got)
	}
	testkit.Exec(t, p.db, "UPDATE books SET pages = 'seven'")
	p.sync(t, "pages: Int @index") // the rows do not allow a cast
	p.sync(t, "pages: [Int!]")     // nor do the types
	p.sync(t, "pages: DateTime @unique")
	p.sync(t, "pages: Boolean! @default(value: true)")
	if got := testkit.Value(t, p.db, "SELECT string_agg(pages::text, ' ') FROM books"); got != "true" {
		t.Errorf("pages is %s", got)
	}
	if _, err := p.syncer.Sync(t.Context(), p.db, parse(t, "type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) pages: DateTime! @unique }")); err == nil {
		t.Error("a required column is made in a table with rows")
	}
	if got := testkit.Value(t, p.db, "SELECT string_agg(pages::text, ' ') FROM books"); got != "true" {
		t.Errorf("after a failure, pages is %s", got)
	}
	p.sync(t, "pages: Int")
	testkit.Exec(t, p.db, "DELETE FROM books")
	p.built = 1

	// A change that the rows do not allow leaves everything as it is.
	testkit.Exec(t, p.db, "INSERT INTO books (pages) VALUES (-1)")
	before := unsaved(t, p.db)
	if _, err := p.syncer.Sync(t.Context(), p.db, parse(t, "type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) pages: Int @range(min: 0) note: String }")); err == nil {
		t.Error("a check that a row breaks is made")
	}
	if got := p.columns(t); got != "id old pages" || unsaved(t, p.db) != before {
		t.Errorf("books has %s, and there are %d changes", got, unsaved(t, p.db))
	}

	// Somebody else undoes the changes: the scratch databases follow.
	if err := sync.Undo(t.Context(), p.db); err != nil {
		t.Fatal(err)
	}
	if got := p.columns(t); got != "id old" {
		t.Errorf("books has %s", got)
	}
	p.sync(t, "title: String")
	if got := p.columns(t); got != "id old title" || p.built != 2 {
		t.Errorf("books has %s, and the scratch databases were made %d times", got, p.built)
	}

	// A function that a migration adds can be part of the schema.
	testkit.Exec(t, p.db, function)
	p.files["00002_one.sql"] = &fstest.MapFile{Data: []byte(function)}
	p.sync(t, "title: String one: Int! @default(sql: \"one()\")")
	if got := p.columns(t); got != "id old one title" || p.built != 3 {
		t.Errorf("books has %s, and the scratch databases were made %d times", got, p.built)
	}
	if err := p.syncer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(testkit.Value(t, p.db, "SELECT string_agg(datname, ' ') FROM pg_database"))
	if i := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, "krowoc_scratch") }); i >= 0 {
		t.Errorf("%s is left", names[i])
	}
	if testkit.Value(t, p.db, "to_regclass('"+own.UnsavedTable+"') IS NOT NULL") != "true" {
		t.Error("the changes are kept somewhere else")
	}

	// What one session has found about new databases, the next one need not.
	for range 2 {
		fresh := newProject(t)
		fresh.syncer.Settled = func(context.Context, *schema.Schema) (sync.Memory, error) { return &known, nil }
		fresh.files["00002_wrong.sql"] = &fstest.MapFile{Data: []byte("nonsense")} // is not run
		if got, err := fresh.syncer.SyncNew(t.Context(), fresh.db, parse(t, "type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) old: String }"), false); err != nil || len(got) > 0 {
			t.Errorf("%q, %v", got, err)
		}
		if err := fresh.syncer.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if known.remembered != 1 || known.recalled != 1 {
		t.Errorf("%+v", known)
	}
}

// While a change is refused, each save plans it again, but nothing is built again: the plan has left the scratch database as it was.
func TestRefusedChangeKeepsScratchDatabases(t *testing.T) {
	p := newProject(t)
	const number = "ALTER TABLE books ADD n int"
	testkit.Exec(t, p.db, number)
	p.files["00002_number.sql"] = &fstest.MapFile{Data: []byte(number)}
	const refused = "n: [Boolean!] "
	sync := func(enum, fields string) error {
		t.Helper()
		_, err := p.syncer.Sync(t.Context(), p.db, parse(t, enum+" type Book @table @auth(rules: []) { id: Int! @generated(identity: ALWAYS) "+fields+" }"))
		return err
	}
	for i, c := range []struct{ enum, fields, columns string }{
		{"", "", "id n old"},
		{"", "title: String", "id n old title"},
		{"enum Kind { A }", "title: String kind: Kind", "id kind n old title"},
		{"enum Kind { A C }", "kind: Kind kinds: [Kind!]", "id kind kinds n old"},
		{"", "title: String @unique", "id n old title"},
	} {
		for _, more := range []string{"", "more: Int", "title: String @unique", "shelf: Shelf"} {
			types := "enum Kind { A B C } type Shelf @table @auth(rules: []) { kind: Kind }"
			if err := sync(types, refused+more); err == nil || !strings.Contains(err.Error(), "books.n") {
				t.Errorf("%d, %s: %v", i, more, err)
			}
		}
		if err := sync(c.enum, "n: Int "+c.fields); err != nil {
			t.Fatal(err)
		}
		if got := p.columns(t); got != c.columns {
			t.Errorf("%d: books has %s", i, got)
		}
		if got := testkit.Value(t, p.db, "SELECT coalesce(string_agg(enumlabel, ' '), '') FROM pg_enum"); got != strings.Trim(c.enum, "enumKid {}") {
			t.Errorf("%d: the values of enums are %s", i, got)
		}
	}
	if p.built != 1 {
		t.Errorf("the migrations ran %d times", p.built)
	}
}
