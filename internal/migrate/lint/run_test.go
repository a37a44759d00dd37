package lint_test

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/krowoc/krowoc/internal/migrate/lint"
)

const books = "-- +goose Up\nCREATE TABLE books (id bigint PRIMARY KEY, author_id bigint, code varchar(10), title text);\n-- +goose Down\nDROP TABLE books;\n"

func rulesOf(findings []lint.Finding) string {
	var ids []string
	for _, f := range findings {
		ids = append(ids, fmt.Sprintf("%s:%d %s", strings.TrimPrefix(f.File, "migrations/"), f.Line, f.Rule))
	}
	return strings.Join(ids, "\n")
}

func up(sql, down string) string { return "-- +goose Up\n" + sql + "\n-- +goose Down\n" + down + "\n" }

func TestRun(t *testing.T) {
	off := func(rules ...string) (settings []lint.Setting) {
		for _, r := range rules {
			settings = append(settings, lint.Setting{Rule: r, Severity: lint.Off})
		}
		return settings
	}
	addColumn := up("ALTER TABLE books ADD COLUMN pages int;", "ALTER TABLE books DROP COLUMN pages;")
	for name, tt := range map[string]struct {
		options lint.Options
		files   []string
		want    string
	}{
		"an index of a later file serves a foreign key": {lint.Options{LockTimeout: true}, []string{
			"1_a.sql", books,
			"2_b.sql", up("ALTER TABLE books ADD CONSTRAINT f FOREIGN KEY (author_id) REFERENCES books NOT VALID;", "ALTER TABLE books DROP CONSTRAINT f;"),
			"3_c.sql", "-- +goose NO TRANSACTION\n" + up("CREATE INDEX CONCURRENTLY i ON books (author_id);", "DROP INDEX CONCURRENTLY i;"),
		}, ""},
		"a table that is dropped later needs no index": {lint.Options{Settings: off("drop-table", "no-down")}, []string{
			"1_a.sql", "-- +goose Up\nCREATE TABLE a (id bigint PRIMARY KEY, b bigint REFERENCES a);", "2_b.sql", "-- +goose Up\nDROP TABLE a;",
		}, "2_b.sql:2 no-lock-timeout"},
		"a validated check of an earlier file proves NOT NULL": {lint.Options{LockTimeout: true}, []string{
			"1_a.sql", books,
			"2_b.sql", up("ALTER TABLE books ADD CONSTRAINT c CHECK (title IS NOT NULL) NOT VALID;", "ALTER TABLE books DROP CONSTRAINT c;"),
			"3_c.sql", up("ALTER TABLE books VALIDATE CONSTRAINT c;\nALTER TABLE books ALTER title SET NOT NULL;\nALTER TABLE books DROP CONSTRAINT c;",
				"ALTER TABLE books ALTER title DROP NOT NULL;\nALTER TABLE books ADD CONSTRAINT c CHECK (title IS NOT NULL) NOT VALID;"),
		}, ""},
		"before PostgreSQL 12 it does not": {lint.Options{LockTimeout: true, Postgres: 11, Settings: off("down-does-not-undo")}, []string{
			"1_a.sql", books,
			"3_c.sql", up("ALTER TABLE books ADD CONSTRAINT c CHECK (title IS NOT NULL) NOT VALID;\nALTER TABLE books ALTER title SET NOT NULL;\nALTER TYPE s ADD VALUE 'x' AFTER 'y';", "SELECT 1;"),
		}, "3_c.sql:3 set-not-null\n3_c.sql:4 not-in-transaction"},
		"the type of an earlier file is known": {lint.Options{LockTimeout: true, Settings: off("varchar-limit")}, []string{
			"1_a.sql", books,
			"2_b.sql", up("ALTER TABLE books ALTER code TYPE varchar(20);", "ALTER TABLE books ALTER code TYPE varchar(10);"),
			"3_c.sql", up("ALTER TABLE unknown ALTER code TYPE varchar(20);", "SELECT 1;"),
		}, "3_c.sql:2 change-type"},
		"what a person renamed is known by its new name": {lint.Options{LockTimeout: true, Settings: off("rename-table", "rename-column", "varchar-limit")}, []string{
			"1_a.sql", books,
			"2_b.sql", up("ALTER TABLE books RENAME TO volumes;\nALTER TABLE volumes RENAME code TO short;", "ALTER TABLE volumes RENAME short TO code;\nALTER TABLE volumes RENAME TO books;"),
			"3_c.sql", up("ALTER TABLE volumes ALTER short TYPE varchar(20);", "ALTER TABLE volumes ALTER short TYPE varchar(10);"),
		}, ""},
		"only what is new is linted, and what is new is not yet in use": {lint.Options{Only: map[string]bool{"2_b.sql": true, "3_c.sql": true, "README": true}}, []string{
			"1_a.sql", "-- +goose Up\nCREATE TABLE x (a int);\nALTER TABLE books DROP COLUMN y;",
			"2_b.sql", up("CREATE TABLE y (id bigint PRIMARY KEY);", "DROP TABLE y;"),
			"3_c.sql", up("ALTER TABLE y ADD COLUMN n int NOT NULL;\nALTER TABLE x ADD COLUMN n int NOT NULL;", "ALTER TABLE x DROP COLUMN n;\nALTER TABLE y DROP COLUMN n;"),
		}, "3_c.sql:3 no-lock-timeout\n3_c.sql:3 add-required-column"},
		"settings by rule and path, the last counts": {lint.Options{Settings: []lint.Setting{
			{Rule: "*", Severity: lint.Off}, {Rule: "drop-table", Severity: lint.Info}, {Rule: "drop-table", Severity: lint.Off, Paths: []string{"1_*"}},
		}}, []string{"1_a.sql", "-- +goose Up\nDROP TABLE a;", "2_b.sql", "-- +goose Up\nDROP TABLE b;"}, "2_b.sql:2 drop-table"},
		"a timeout of the file or the run": {lint.Options{}, []string{"1_a.sql", books, "2_b.sql", "-- +krowoc lock_timeout 2s\n" + addColumn}, ""},
		"no timeout at all":                {lint.Options{}, []string{"1_a.sql", books, "2_b.sql", "-- +krowoc lock_timeout 0\n" + addColumn}, "2_b.sql:3 no-lock-timeout"},
		"variables": {lint.Options{LookupEnv: func(n string) (string, bool) { return "bigint", n == "KEY" }}, []string{
			"1_a.sql", "-- +goose Up\n-- +goose ENVSUB ON\nCREATE TABLE ${NAME} (id ${KEY} PRIMARY KEY, x ${OTHER:-text});\n-- +goose ENVSUB OFF\n-- +goose Down\nDROP TABLE \"NAME\";\n",
		}, "1_a.sql:6 down-does-not-undo"},
		"a file that goose cannot read": {lint.Options{}, []string{"1_a.sql", "-- +goose Up\nSELECT 1\n"}, "1_a.sql:2 syntax-error"},
		"the down is read, too":         {lint.Options{}, []string{"1_a.sql", up("SELECT 1;", "SELEC 1;\nDROP INDEX CONCURRENTLY x;\nVACUUM;\nCOMMIT;")}, "1_a.sql:4 syntax-error\n1_a.sql:5 not-in-transaction\n1_a.sql:6 not-in-transaction\n1_a.sql:7 nested-transaction"},
	} {
		t.Run(name, func(t *testing.T) {
			findings := slices.DeleteFunc(run(t, tt.options, tt.files...), func(f lint.Finding) bool { return f.Severity == lint.Info && f.Rule != "drop-table" })
			if got := rulesOf(findings); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s\n%s", got, tt.want, show(findings))
			}
		})
	}
}

func TestBadSettings(t *testing.T) {
	for _, s := range []lint.Setting{{Rule: "drop-tabel", Severity: lint.Off}, {Rule: "*", Severity: lint.Off, Paths: []string{"[a"}}} {
		if _, err := lint.Run(lint.Options{FS: fstest.MapFS{}, Parser: parser, Settings: []lint.Setting{s}}); err == nil {
			t.Errorf("%v is accepted", s)
		}
	}
}

// FuzzRun checks that lint handles any text without a panic or an error.
func FuzzRun(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/rules.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		text, _ := migration(string(file.Data))
		f.Add(text)
	}
	for _, sql := range []string{
		"ALTER TABLE a ALTER TYPE int", "DROP FUNCTION a, b.c(int), d()", "DROP TRIGGER t ON a.b", "ALTER TABLE a ADD UNIQUE USING INDEX b", "COMMENT ON TABLE a IS 'b'",
		"DROP AGGREGATE a(*)", "DROP OPERATOR + (int, int)", "DROP CAST (int AS text)", "ALTER TABLE ONLY a.b.c ADD PRIMARY KEY (d)", "REINDEX SCHEMA a", "CLUSTER", "VACUUM",
		"CREATE TABLE a OF b", "CREATE TABLE a (LIKE b INCLUDING ALL, c int) INHERITS (d)", "ALTER TYPE a ADD ATTRIBUTE b int", "ALTER VIEW a RENAME TO b", "ALTER TABLE a RENAME CONSTRAINT b TO c",
		"CREATE FUNCTION f(OUT a int, VARIADIC b int[]) RETURNS SETOF record AS 'x' LANGUAGE sql", "SELECT INTO a FROM b", "INSERT INTO a SELECT * FROM b", "MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE",
	} {
		f.Add("-- +goose Up\n" + sql + ";\n-- +goose Down\n" + sql + ";\n")
	}
	f.Fuzz(func(t *testing.T, text string) { run(t, lint.Options{}, "1_a.sql", books, "2_b.sql", text) })
}

// BenchmarkRun lints 1,000 realistic files.
func BenchmarkRun(b *testing.B) {
	fsys := fstest.MapFS{}
	for i := range 1000 {
		table := fmt.Sprintf("t%d", i)
		fsys[fmt.Sprintf("%05d_a.sql", i+1)] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(up(`CREATE TABLE TABLE_ (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner_id bigint NOT NULL,
  name text NOT NULL CHECK (char_length(name) <= 200),
  price numeric(10, 2) NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX TABLE__owner_id_idx ON TABLE_ (owner_id, created_at DESC);
ALTER TABLE accounts ADD COLUMN TABLE__count integer NOT NULL DEFAULT 0;
CREATE INDEX accounts_TABLE__count_idx ON accounts (TABLE__count);`,
			"DROP INDEX accounts_TABLE__count_idx;\nALTER TABLE accounts DROP COLUMN TABLE__count;\nDROP TABLE TABLE_;"), "TABLE_", table))}
	}
	for b.Loop() {
		if _, err := lint.Run(lint.Options{FS: fsys, Parser: parser, Logger: slog.New(slog.DiscardHandler)}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestGuides(t *testing.T) {
	page, err := os.ReadFile("../../../docs/zero-downtime.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range lint.Rules() {
		_, section, ok := strings.Cut(lint.Guide(rule.ID), "#")
		heading := "\n## " + strings.ReplaceAll(section, "-", " ") + "\n"
		if ok && !strings.Contains(strings.ToLower(string(page)), heading) {
			t.Errorf("%s refers to the section %q, which is missing from the guide", rule.ID, section)
		}
	}
}
