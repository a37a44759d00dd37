package verify_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/migrate"
	"github.com/krowoc/krowoc/internal/migrate/verify"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// scratch creates databases, which the test kit drops.
func scratch(t testing.TB) func(context.Context) (*pgxpool.Pool, func() error, error) {
	return func(context.Context) (*pgxpool.Pool, func() error, error) {
		return testkit.NewDatabase(t), func() error { return nil }, nil
	}
}

// run verifies files given as name, up, down, …; "-" stands for no down section.
func run(t *testing.T, only map[string]bool, files ...string) verify.Result {
	t.Helper()
	folder := fstest.MapFS{}
	for i := 0; i+2 < len(files); i += 3 {
		text := "-- +goose Up\n" + files[i+1] + "\n"
		if files[i+2] != "-" {
			text += "-- +goose Down\n" + files[i+2] + "\n"
		}
		if strings.Contains(files[i+1], "CONCURRENTLY") {
			text = "-- +goose NO TRANSACTION\n" + text
		}
		folder[files[i]] = &fstest.MapFile{Data: []byte(text)}
	}
	result, err := verify.Run(t.Context(), verify.Options{Database: scratch(t), FS: folder, Dir: "migrations", Only: only})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

const (
	people     = "CREATE TABLE people (id uuid PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, age int CHECK (age > 0), boss uuid REFERENCES people);"
	dropPeople = "DROP TABLE people;"
)

// warnings are the findings with which a file may still pass.
var warnings = map[verify.Kind]bool{verify.ColumnOrder: true, verify.Rows: true}

func TestFindings(t *testing.T) {
	for name, c := range map[string]struct {
		up, down string
		kind     verify.Kind
		says     string
	}{
		"restored":           {"ALTER TABLE people ADD nick text;", "ALTER TABLE people DROP COLUMN nick;", "", ""},
		"nothing undone":     {"ALTER TABLE people ADD nick text;", "SELECT 1;", verify.NotRestored, "table public.people\n+     column nick text"},
		"another default":    {"ALTER TABLE people ALTER age SET DEFAULT 1;", "ALTER TABLE people ALTER age SET DEFAULT 0;", verify.NotRestored, "+     column age integer default 0"},
		"an index forgotten": {"CREATE TABLE pets (id int); CREATE INDEX people_age ON people (age);", "DROP TABLE pets;", verify.NotRestored, "+ index public.people_age"},
		"column order":       {"ALTER TABLE people DROP COLUMN name;", "ALTER TABLE people ADD name varchar(20); UPDATE people SET name = right(id::text, 20); ALTER TABLE people ALTER name SET NOT NULL, ADD UNIQUE (name);", verify.ColumnOrder, "column name"},
		"rows lost":          {"ALTER TABLE people DROP COLUMN boss;", "ALTER TABLE people ADD boss uuid REFERENCES people;", verify.Rows, "public.people has changed values in boss"},
		"rows deleted":       {"DELETE FROM people;", "SELECT 1;", verify.Rows, "public.people had 3 rows and now has 0"},
		"no down":            {"CREATE TABLE pets (id int);", "-", verify.Irreversible, "irreversible"},
		"down fails":         {"CREATE TABLE pets (id int);", "DROP TABLE dogs;", verify.DownFails, `table "dogs" does not exist`},
		"up fails on rows":   {"ALTER TABLE people ADD nick text NOT NULL;", "ALTER TABLE people DROP COLUMN nick;", verify.UpFails, "contains null values"},
		"up fails again":     {"CREATE TABLE pets (id int);", "ALTER TABLE pets RENAME TO dogs; CREATE TABLE pets (id int);", verify.NotRepeated, "already exists"},
		"a comment":          {"COMMENT ON TABLE people IS 'x';", "SELECT 1;", verify.NotRestored, "+     comment x"},
		"a grant":            {"GRANT SELECT ON people TO PUBLIC;", "SELECT 1;", verify.NotRestored, "+     grant SELECT TO PUBLIC"},
		"an owner":           {"ALTER TABLE people OWNER TO pg_monitor;", "SELECT 1;", verify.NotRestored, "+     owner pg_monitor"},
		"concurrently":       {"CREATE INDEX CONCURRENTLY i ON people (age);", "DROP INDEX CONCURRENTLY i;", "", ""},
		"random":             {"CREATE TABLE pets AS SELECT 1 AS id; DO $$ BEGIN EXECUTE 'CREATE TABLE t' || (SELECT count(*) FROM pg_class WHERE relname LIKE 'pets%') || '_' || (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text || ' ()'; END $$;", "DO $$ DECLARE n text; BEGIN FOR n IN SELECT relname FROM pg_class WHERE relname ~ '^t[0-9]+_' LOOP EXECUTE 'DROP TABLE ' || n; END LOOP; END $$; DROP TABLE pets;", verify.NotRepeated, "table public.t"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := run(t, nil, "1_people.sql", people, dropPeople, "2_change.sql", c.up, c.down, "3_after.sql", "CREATE TABLE after ();", "DROP TABLE after;")
			if len(result.Files) != 3 || !result.Files[0].OK || !result.Files[2].OK {
				t.Fatalf("%+v", result)
			}
			f := result.Files[1]
			if ok := c.kind == "" || warnings[c.kind]; f.OK != ok || result.OK != ok {
				t.Errorf("ok is %v and %v: %v", f.OK, result.OK, f.Findings)
			}
			if c.kind == "" {
				if len(f.Findings) != 0 {
					t.Errorf("found %v", f.Findings)
				}
				return
			}
			var said []string
			for _, x := range f.Findings {
				said = append(said, x.String())
				severity := map[bool]diag.Severity{false: diag.Error, true: diag.Warning}[warnings[x.Kind]]
				if x.Severity != severity || x.Code != string(x.Kind) || x.File != "migrations/2_change.sql" || (x.Line > 0) != errors.As(x.Err, new(*migrate.StatementError)) {
					t.Errorf("%s has the diagnostic %+v", x.Kind, x.Diagnostic)
				}
			}
			if got := strings.Join(said, "\n"); !strings.Contains(got, string(c.kind)+": ") || !strings.Contains(got, c.says) {
				t.Errorf("want %s %s in\n%s", c.kind, c.says, got)
			}
		})
	}
}

// A file that cannot be applied at all ends the check, because later files depend on it.
func TestUpFailsWithoutRows(t *testing.T) {
	result := run(t, nil, "1_people.sql", people, dropPeople, "2_x.sql", "SELECT nope;", "SELECT 1;", "3_after.sql", "CREATE TABLE after ();", "DROP TABLE after;")
	if len(result.Files) != 2 || result.OK || len(result.Files[1].Findings) != 1 || result.Files[1].Findings[0].Kind != verify.UpFails {
		t.Errorf("%+v", result)
	}
}

// A file that only the generated rows break is checked without rows. The files after it are checked with new rows.
func TestGeneratedRowsBreakAFile(t *testing.T) {
	for name, c := range map[string]struct {
		up, down string
		kind     verify.Kind
	}{
		"a check of a list":      {"ALTER TABLE people ADD CHECK (name IN ('ann', 'bob', 'cid'));", "ALTER TABLE people DROP CONSTRAINT people_name_check;", ""},
		"a check of a limit":     {"ALTER TABLE people ADD CHECK (age >= 18);", "ALTER TABLE people DROP CONSTRAINT people_age_check1;", ""},
		"a check of a length":    {"ALTER TABLE people ADD CHECK (length(nick) = 12);", "ALTER TABLE people DROP CONSTRAINT people_nick_check;", ""},
		"a check of two columns": {"ALTER TABLE people ADD CHECK (age > low);", "ALTER TABLE people DROP CONSTRAINT people_check;", ""},
		"a unique default":       {"ALTER TABLE people ADD UNIQUE (nick);", "ALTER TABLE people DROP CONSTRAINT people_nick_key;", ""},
		"a unique index":         {"CREATE UNIQUE INDEX i ON people (nick);", "DROP INDEX i;", ""},
		"a reference":            {"ALTER TABLE people ADD FOREIGN KEY (pet) REFERENCES pets;", "ALTER TABLE people DROP CONSTRAINT people_pet_fkey;", ""},
		"a cast":                 {"ALTER TABLE people ALTER nick DROP DEFAULT, ALTER nick TYPE int USING nick::int;", "ALTER TABLE people ALTER nick TYPE text, ALTER nick SET DEFAULT 'x';", ""},
		"a shorter text":         {"ALTER TABLE people ALTER nick DROP DEFAULT, ALTER nick TYPE varchar(3);", "ALTER TABLE people ALTER nick TYPE text, ALTER nick SET DEFAULT 'x';", ""},
		"a pattern":              {"ALTER TABLE people ADD CHECK (nick ~ '^[a-f]+[0-9]+$');", "ALTER TABLE people DROP CONSTRAINT people_nick_check;", ""},
		"a check of no column":   {"ALTER TABLE people ADD CHECK (1 < 2); ALTER TABLE people ADD CHECK (age > 40);", "ALTER TABLE people DROP CONSTRAINT people_age_check1, DROP CONSTRAINT people_check;", ""},
		"a question":             {"DO $$ BEGIN IF EXISTS (SELECT FROM people) THEN RAISE 'people'; END IF; END $$;", "SELECT 1;", verify.EmptyOnly},
		"a backfill": {"ALTER TABLE people ADD age2 int; UPDATE people SET age2 = 1 WHERE nick = 'known';\nALTER TABLE people ALTER age2 SET NOT NULL;",
			"ALTER TABLE people DROP age2;", verify.EmptyOnly},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const after = "CREATE TABLE after AS SELECT 1/count(*) AS n FROM people;" // fails on empty tables
			result := run(t, nil, "1_people.sql", strings.TrimSuffix(people, ");")+", nick text DEFAULT 'x', pet int, low int);\nCREATE TABLE pets (id int PRIMARY KEY);", dropPeople+"DROP TABLE pets;",
				"2_change.sql", c.up, c.down, "3_after.sql", after, "DROP TABLE after;")
			if !result.OK || len(result.Files) != 3 || len(result.Files[2].Findings) > 0 {
				t.Fatalf("%+v", result)
			}
			var kinds []string
			for _, x := range result.Files[1].Findings {
				kinds = append(kinds, string(x.Kind))
				if x.Severity != diag.Warning || !strings.HasPrefix(x.Message, "proved on empty tables only") {
					t.Errorf("%+v", x)
				}
			}
			if got := strings.Join(kinds, " "); got != string(c.kind) {
				t.Errorf("%s: %v", got, result.Files[1].Findings)
			}
		})
	}
}

// A file may say why it is not verified. It is applied all the same, and a reason is required.
func TestIgnoredFile(t *testing.T) {
	const change = "ALTER TABLE people ADD nick text;"
	result := run(t, nil, "1_people.sql", people, dropPeople, "2_change.sql", "-- +krowoc ignore verify: runs on the old cluster only\n"+change, "SELECT 1;",
		"3_after.sql", "ALTER TABLE people DROP nick;", change)
	if f := result.Files[1]; !result.OK || f.Ignored != "runs on the old cluster only" || len(f.Findings) > 0 || !result.Files[2].OK {
		t.Errorf("%+v", result)
	}
	result = run(t, nil, "1_people.sql", people, dropPeople, "2_change.sql", "-- +krowoc ignore verify\n"+change, "ALTER TABLE people DROP nick;")
	f := result.Files[1]
	if result.OK || f.Ignored != "" || len(f.Findings) != 1 || f.Findings[0].Kind != verify.BadIgnore || f.Findings[0].Line != 2 {
		t.Errorf("%+v", result)
	}
}

// A migration in Go is named, and the files around it are verified.
func TestMigrationInGo(t *testing.T) {
	folder := fstest.MapFS{
		"1_people.sql": {Data: []byte("-- +goose Up\n" + people + "\n-- +goose Down\n" + dropPeople + "\n")},
		"2_fill.go":    {Data: []byte("package migrations")},
		"3_pets.sql":   {Data: []byte("-- +goose Up\nCREATE TABLE pets ();\n-- +goose Down\nDROP TABLE pets;\n")},
	}
	o := verify.Options{Database: scratch(t), FS: folder, Dir: "migrations"}
	result, err := verify.Run(t.Context(), o)
	if err != nil || !result.OK || len(result.Files) != 3 || result.Files[1].File != "2_fill.go" || !strings.Contains(result.Files[1].Ignored, "in Go") {
		t.Errorf("%+v, %v", result, err)
	}
	if _, err := verify.Build(t.Context(), o); err == nil || !strings.Contains(err.Error(), "2_fill.go is a migration in Go") {
		t.Errorf("what it makes is not known: %v", err)
	}
}

func TestLocksAndRewrites(t *testing.T) {
	result := run(t, map[string]bool{"2_change.sql": true}, "1_people.sql", people, dropPeople,
		"2_change.sql", "SELECT 1;\nALTER TABLE people ALTER age TYPE bigint;\nCREATE INDEX i ON people (age);", "DROP INDEX i;\nALTER TABLE people ALTER age TYPE int;")
	if len(result.Files) != 1 || !result.OK {
		t.Fatalf("%+v", result)
	}
	f := result.Files[0]
	locks := fmt.Sprintf("%+v", f.Locks)
	if !strings.Contains(locks, "Line:3 Table:people Mode:AccessExclusiveLock") || !strings.Contains(locks, "Line:4 Table:i Mode:AccessExclusiveLock") {
		t.Errorf("locks %s", locks)
	}
	if len(f.Rewritten) != 1 || f.Rewritten[0] != "people" || f.DurationMs <= 0 {
		t.Errorf("rewritten %v in %v ms", f.Rewritten, f.DurationMs)
	}
}

// Every kind of column is given rows, so that migrations are tried on tables that are not empty.
func TestTablesAreFilled(t *testing.T) {
	up := `CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE a (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), mood mood NOT NULL, moods mood[] NOT NULL, n numeric(4,2) NOT NULL, b bytea NOT NULL, j jsonb NOT NULL, at timestamptz NOT NULL,
	day date NOT NULL, span interval NOT NULL, ok boolean NOT NULL, email text NOT NULL CHECK (email LIKE '%@%'), url text NOT NULL CHECK (url LIKE 'https:%'), code char(3) NOT NULL UNIQUE, small smallint NOT NULL CHECK (small < 0));
CREATE TABLE c (a1 uuid NOT NULL REFERENCES a, n int NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (a1, n), up text GENERATED ALWAYS AS ('x') STORED, i int GENERATED ALWAYS AS IDENTITY);
CREATE TABLE d (a1 uuid NOT NULL, n int NOT NULL, FOREIGN KEY (a1, n) REFERENCES c, self int);
CREATE TABLE log (at timestamptz NOT NULL, line text NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE log_all PARTITION OF log DEFAULT;`
	result := run(t, nil, "1_all.sql", up, "DROP TABLE log, d, c, a;\nDROP TYPE mood;",
		"2_full.sql", "DO $$ DECLARE t text; n int; BEGIN FOREACH t IN ARRAY ARRAY['a', 'c', 'd', 'log'] LOOP\n EXECUTE 'SELECT count(*) FROM ' || t INTO n; IF n < 3 THEN RAISE 'table % has % rows', t, n; END IF; END LOOP; END $$;", "SELECT 1;")
	for _, f := range result.Files {
		if !f.OK {
			t.Errorf("%s: %v", f.File, f.Findings)
		}
	}
}

// The migrations of the prompt platform can all be rolled back, on tables with rows.
func TestPromptPlatform(t *testing.T) {
	result, err := verify.Run(t.Context(), verify.Options{Database: scratch(t), FS: os.DirFS("../../../migrations"), Dir: "migrations"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Files {
		for _, x := range f.Findings {
			t.Errorf("%s: %s", f.File, x)
		}
	}
	if len(result.Files) < 9 {
		t.Errorf("only %d files", len(result.Files))
	}
}

func BenchmarkVerify200Files(b *testing.B) {
	folder := fstest.MapFS{}
	for i := 1; i <= 200; i++ {
		folder[fmt.Sprintf("%05d_t.sql", i)] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"-- +goose Up\nCREATE TABLE t%d (id int PRIMARY KEY, name text NOT NULL, up int REFERENCES t%d);\n-- +goose Down\nDROP TABLE t%d;\n", i, max(1, i-1), i)}
	}
	for b.Loop() {
		result, err := verify.Run(b.Context(), verify.Options{Database: scratch(b), FS: folder, Dir: "migrations"})
		if err != nil || !result.OK {
			b.Fatalf("%v, %v", result, err)
		}
	}
}

// A table that refuses all rows is not tried again for each migration, but when one changes it.
func TestRefusingTableIsTriedOnce(t *testing.T) {
	const count = "DO $$ DECLARE n int; BEGIN %s; IF %s THEN RAISE 'it is %%', n; END IF; END $$;"
	result := run(t, nil,
		"1_picky.sql", "CREATE TABLE picky (id serial PRIMARY KEY, word text CONSTRAINT one CHECK (word = 'one'), other text NOT NULL); CREATE TABLE child (id int NOT NULL REFERENCES picky);", "DROP TABLE child; DROP TABLE picky;",
		"2_other.sql", "CREATE TABLE other (id int);", "DROP TABLE other;",
		"3_once.sql", fmt.Sprintf(count, "SELECT last_value INTO n FROM picky_id_seq", "n > 100"), "SELECT 1;",
		"4_looser.sql", "ALTER TABLE picky DROP CONSTRAINT one;", "ALTER TABLE picky ADD CONSTRAINT one CHECK (word = 'one');",
		"5_filled.sql", fmt.Sprintf(count, "SELECT count(*) INTO n FROM child", "n < 3"), "SELECT 1;")
	for _, f := range result.Files {
		if !f.OK {
			t.Errorf("%s: %v", f.File, f.Findings)
		}
	}
}
