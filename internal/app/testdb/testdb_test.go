package testdb_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/app/apptest"
	"github.com/krowoc/krowoc/internal/app/testdb"
	"github.com/krowoc/krowoc/internal/config"
	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// libraryFiles are a small project for tests of test databases.
var libraryFiles = map[string]string{
	"krowoc.yaml":    "project: library\n",
	"schema.graphql": "type Book @table @auth(rules: []) { id: Int! title: String! @length(max: 20) }\n",
	"migrations/00001_books.sql": "-- +goose Up\nCREATE TABLE books (id integer PRIMARY KEY, title text NOT NULL);\n" +
		"-- +goose Down\nDROP TABLE books;\n",
	"seeds/common/books.yaml": "books:\n  - {id: 1, title: Tehanu}\n",
	"seeds/test/books.yaml":   "books:\n  - {id: 2, title: Lavinia}\n",
}

// library is the small project on the server of the tests.
type library struct {
	t   testing.TB
	dir string
	url string
}

func newLibrary(t testing.TB) *library {
	t.Helper()
	dir := t.TempDir()
	apptest.WriteFiles(t, dir, libraryFiles)
	return &library{t, dir, testkit.DatabaseURL(t)}
}

func (l *library) app() *app.App {
	l.t.Helper()
	return apptest.Load(l.t, config.Options{Dir: l.dir, Environment: config.Test, Environ: []string{"KROWOC_DATABASE_URL=" + l.url}})
}

func (l *library) databases(sets ...string) (*testdb.Databases, error) {
	l.t.Helper()
	a := l.app()
	server, err := testdb.Find(a)
	if err != nil {
		return nil, err
	}
	return testdb.New(a, server, sets...)
}

func (l *library) create(sets ...string) string {
	l.t.Helper()
	d, err := l.databases(sets...)
	if err != nil {
		l.t.Fatal(err)
	}
	url, err := d.Create(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return url
}

// query returns the rows of the one column that a query has.
func queryAt(t testing.TB, url, sql string, args ...any) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// made lists the databases of a kind that there are for the project.
func (l *library) made(kind string) []string {
	l.t.Helper()
	return queryAt(l.t, l.url, "SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1", testdb.Prefix(l.app(), kind))
}

const titles = "SELECT title FROM books ORDER BY id"

func TestTestDatabaseHasTheTablesAndTheRows(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	first := l.create()
	if got := queryAt(t, first, titles); fmt.Sprint(got) != "[Tehanu Lavinia]" {
		t.Errorf("it has %v", got)
	}
	queryAt(t, first, "DELETE FROM books RETURNING title")
	second := l.create()
	if got := queryAt(t, second, titles); fmt.Sprint(got) != "[Tehanu Lavinia]" {
		t.Errorf("another has %v", got)
	}
	if got := queryAt(t, l.create("common"), titles); fmt.Sprint(got) != "[Tehanu]" {
		t.Errorf("with the set common alone it has %v", got)
	}
	if n := len(l.made("template")); n != 2 {
		t.Errorf("there are %d templates, want one for each choice of sets", n)
	}
	if entries, err := os.ReadDir(filepath.Join(l.dir, "migrations")); err != nil || len(entries) != 1 {
		t.Errorf("the project's files are others: %v %v", entries, err)
	}

	a := l.app()
	if err := testdb.Drop(t.Context(), a, first); err != nil {
		t.Error(err)
	}
	if err := testdb.Drop(t.Context(), a, first); err != nil {
		t.Errorf("dropped again: %v", err)
	}
	if err := testdb.Drop(t.Context(), a, l.url); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a database of somebody else's: %v", err)
	}
	server, err := testdb.Find(a)
	if err != nil {
		t.Fatal(err)
	}
	if dropped, err := testdb.DropAll(t.Context(), a, server); err != nil || len(dropped) != 2 || len(l.made("test")) != 0 {
		t.Errorf("dropped %v, %v", dropped, err)
	}
}

// The prompt platform: what a copy holds is what migrations and seeds make of an empty database.
func TestTestDatabaseIsWhatMigrateAndSeedMake(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	a := apptest.New(t, apptest.Copy(t), "KROWOC_DATABASE_URL="+url)
	d, err := testdb.New(a, &testdb.Server{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	at, err := d.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	apptest.MigrateAndSeed(t, a)
	// Names of tables and columns, and all keys: what else the rows hold includes the time at which they were made.
	const tables = `SELECT format('%s.%s %s', table_name, column_name, data_type) FROM information_schema.columns
		WHERE table_schema = 'public' ORDER BY 1`
	if diff := cmp.Diff(queryAt(t, url, tables), queryAt(t, at, tables)); diff != "" {
		t.Error(diff)
	}
	for _, query := range []string{
		"SELECT id || title || body FROM prompts ORDER BY 1", "SELECT id || email FROM users ORDER BY 1", "SELECT id::text FROM executions ORDER BY 1",
	} {
		want := queryAt(t, url, query)
		if diff := cmp.Diff(want, queryAt(t, at, query)); diff != "" || len(want) == 0 {
			t.Errorf("%d rows: %s", len(want), diff)
		}
	}
}

func TestChangedFilesMakeANewTemplateInThePlaceOfTheOld(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.create()
	other := l.create("common") // whose template stays
	before := l.made("template")
	for _, step := range []struct{ file, text, want string }{
		{"seeds/test/books.yaml", "books:\n  - {id: 2, title: Gifts}\n", "[Tehanu Gifts]"},
		{"migrations/00002_upper.sql", "-- +goose Up\nALTER TABLE books ADD CHECK (title <> '');\n-- +goose Down\nSELECT 1;\n", "[Tehanu Gifts]"},
		{"schema.graphql", libraryFiles["schema.graphql"] + "# a remark\n", "[Tehanu Gifts]"},
	} {
		apptest.WriteFiles(t, l.dir, map[string]string{step.file: step.text})
		if got := queryAt(t, l.create(), titles); fmt.Sprint(got) != step.want {
			t.Errorf("%s: %v, want %s", step.file, got, step.want)
		}
		after := l.made("template")
		if fmt.Sprint(before) == fmt.Sprint(after) || len(after) != 2 {
			t.Errorf("%s: the templates are %v, before %v", step.file, after, before)
		}
		before = after
	}
	if got := queryAt(t, other, titles); fmt.Sprint(got) != "[Tehanu]" {
		t.Errorf("a database in use has %v", got)
	}
}

// A template of this content is made once, by whoever comes first, and what a killed process has left is in nobody's way.
func TestTestDatabasesAtOnceShareOneTemplate(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	apptest.WriteFiles(t, l.dir, map[string]string{"migrations/00002_slow.sql": "-- +goose Up\nSELECT pg_sleep(0.3);\n"})
	d, err := l.databases()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), l.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+d.TemplateName()+"_new"); err != nil {
		t.Fatal(err)
	}
	var working sync.WaitGroup
	for range 4 {
		mine, err := l.databases() // as in a process of its own
		if err != nil {
			t.Fatal(err)
		}
		working.Go(func() {
			if _, err := mine.Create(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	working.Wait()
	created := l.made("test")
	if len(created) != 4 || len(l.made("template")) != 1 {
		t.Fatalf("there are %v and %v", created, l.made("template"))
	}
	applied := map[string]bool{} // when the migrations were applied tells one template from another
	for _, name := range created {
		at := strings.Replace(l.url, conn.Config().Database, name, 1)
		applied[fmt.Sprint(queryAt(t, at, "SELECT tstamp::text FROM goose_db_version ORDER BY id"))] = true
	}
	if len(applied) != 1 {
		t.Errorf("the template was made %d times", len(applied))
	}
}

func TestFailingTestDatabaseSaysWhereAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, text, place string }{
		{"seeds/test/books.yaml", "books:\n  - {id: 2, titel: Gifts}\n", "seeds/test/books.yaml:2:13"},
		{"migrations/00002_wrong.sql", "-- +goose Up\nALTER TABLE boks ADD a int;\n", "migrations/00002_wrong.sql:2:13"},
		{"schema.graphql", "type Book @table @auth(rules: []) { id: Imt! }", "schema.graphql:1:41"},
	} {
		l := newLibrary(t)
		apptest.WriteFiles(t, l.dir, map[string]string{tt.file: tt.text})
		d, err := l.databases()
		if err == nil {
			_, err = d.Create(t.Context())
		}
		var list diag.List
		if !errors.As(err, &list) || !strings.HasPrefix(list.Error(), tt.place) {
			t.Errorf("%s: %v\n%v", tt.file, err, list)
		}
		if left := append(l.made("template"), l.made("test")...); len(left) > 0 {
			t.Errorf("%s: %v are left", tt.file, left)
		}
	}
}

func TestInterruptedTestDatabaseLeavesNothing(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	for _, wait := range []string{"60", "0"} { // while the template is made, and at whatever moment the copy has come to
		apptest.WriteFiles(t, l.dir, map[string]string{"migrations/00002_slow.sql": "-- +goose Up\nSELECT pg_sleep(" + wait + ");\n"})
		d, err := l.databases()
		if err != nil {
			t.Fatal(err)
		}
		if wait == "0" {
			if err := d.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), map[string]time.Duration{"60": time.Second, "0": time.Millisecond}[wait])
		_, err = d.Create(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("interrupted: %v", err)
		}
		if left := l.made("test"); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
		if wait == "60" && len(l.made("template")) > 0 {
			t.Errorf("%v are left", l.made("template"))
		}
	}
}

// The right to create databases is enough, and is needed.
func TestTestDatabasesNeedTheRightToCreateDatabases(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	conn, err := pgx.Connect(t.Context(), l.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	u, err := url.Parse(l.url)
	if err != nil {
		t.Fatal(err)
	}
	role := strings.ReplaceAll(conn.Config().Database, "test", "tester")
	u.User = url.UserPassword(role, "secret")
	l.url = u.String()
	if _, err := conn.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN PASSWORD 'secret'"); err != nil {
		t.Fatal(err)
	}
	d, err := l.databases()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Create(t.Context()); fault.CodeOf(err) != fault.Forbidden || !strings.Contains(err.Error(), "permission denied to create database") {
		t.Errorf("without the right: %v (%s)", err, fault.HintOf(err))
	}
	if _, err := conn.Exec(t.Context(), "ALTER ROLE "+role+" CREATEDB"); err != nil {
		t.Fatal(err)
	}
	at, err := d.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := testdb.Drop(t.Context(), l.app(), at); err != nil {
		t.Error(err)
	}
}

func TestTestDatabasesOfASchemaWithoutMigrations(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	if err := os.RemoveAll(filepath.Join(l.dir, "migrations")); err != nil {
		t.Fatal(err)
	}
	if got := queryAt(t, l.create(), titles); fmt.Sprint(got) != "[Tehanu Lavinia]" {
		t.Errorf("it has %v", got)
	}
	if err := os.RemoveAll(filepath.Join(l.dir, "seeds")); err != nil {
		t.Fatal(err)
	}
	if got := queryAt(t, l.create(), titles); len(got) > 0 {
		t.Errorf("without fixtures it has %v", got)
	}
}

func TestTestDatabasesKeepOutOfProtectedEnvironments(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	apptest.WriteFiles(t, l.dir, map[string]string{"krowoc.yaml": "project: library\nprotected: true\n"})
	a := l.app()
	_, created := testdb.New(a, &testdb.Server{URL: l.url})
	_, found := testdb.Find(a)
	_, dropped := testdb.DropAll(t.Context(), a, &testdb.Server{URL: l.url})
	for _, err := range []error{created, found, dropped, testdb.Drop(t.Context(), a, l.url)} {
		if fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("in a protected environment: %v", err)
		}
	}
}
