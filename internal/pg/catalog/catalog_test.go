package catalog_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func read(t testing.TB, db *pgxpool.Pool) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Read(t.Context(), db, catalog.Options{Exclude: []string{"left_out"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// everything holds at least one object of each kind.
const everything = `
CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'the app';
CREATE TYPE app.mood AS ENUM ('sad', 'happy'); COMMENT ON TYPE app.mood IS 'a mood';
CREATE DOMAIN app.email AS text NOT NULL DEFAULT 'x@y' CONSTRAINT at CHECK (VALUE LIKE '%@%');
CREATE TYPE app.pair AS (a int, "B" text);
CREATE TABLE app.people (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name varchar(20) COLLATE "C" NOT NULL DEFAULT 'x', mood app.mood,
	upper text GENERATED ALWAYS AS (upper(name)) STORED, email app.email, boss int REFERENCES app.people ON DELETE SET NULL,
	CONSTRAINT name_long CHECK (length(name) > 1), UNIQUE (name)) WITH (fillfactor = 70);
COMMENT ON TABLE app.people IS 'the people'; COMMENT ON COLUMN app.people.name IS 'a name'; COMMENT ON CONSTRAINT name_long ON app.people IS 'why';
ALTER TABLE app.people ALTER name SET STATISTICS 500, ALTER name SET STORAGE EXTERNAL;
CREATE INDEX people_mood ON app.people (lower(name), mood DESC) WHERE mood = 'happy';
CREATE TABLE app.log (at timestamptz NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE app.log_2026 PARTITION OF app.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE UNLOGGED TABLE scratch (n serial);
CREATE SEQUENCE app.numbers START 5 CYCLE MAXVALUE 100;
CREATE VIEW app.happy AS SELECT id, name FROM app.people WHERE mood = 'happy';
CREATE MATERIALIZED VIEW app.counts AS SELECT mood, count(*) FROM app.people GROUP BY mood;
CREATE UNIQUE INDEX counts_mood ON app.counts (mood);
CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2'; COMMENT ON FUNCTION app.twice IS 'two times';
CREATE PROCEDURE app.nothing() LANGUAGE plpgsql AS 'BEGIN END';
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = 0);
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON app.people FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.people ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON app.people FOR SELECT TO PUBLIC USING (id > 0);
CREATE RULE quiet AS ON DELETE TO scratch DO INSTEAD NOTHING;
CREATE STATISTICS app.correlated ON name, mood FROM app.people;
CREATE PUBLICATION changes FOR TABLE app.people;
GRANT SELECT ON app.people TO PUBLIC; GRANT UPDATE (name) ON app.people TO PUBLIC; GRANT USAGE ON SCHEMA app TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;
CREATE TABLE left_out (n serial);`

func TestSnapshotIsTheSameInAnotherDatabase(t *testing.T) {
	one, two := testkit.NewDatabase(t), testkit.NewDatabase(t)
	testkit.Exec(t, one, everything)
	testkit.Exec(t, two, everything)
	a, b := read(t, one), read(t, two)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	var out strings.Builder
	for _, o := range a.Objects() {
		out.WriteString(o.Kind + " " + o.Name + "\n    " + strings.Join(o.Lines, "\n    ") + "\n")
	}
	// Others name the tables of columns in views less often, or have other rights from the start.
	if version := testkit.Value(t, one, "SELECT current_setting('server_version_num')::int / 10000"); version == "15" {
		testkit.Golden(t, "testdata/everything.golden", []byte(out.String()))
	}
	if strings.Contains(out.String(), "left_out") {
		t.Error("left_out is not left out")
	}
}

// Each statement changes the catalog in a way that Compare shows.
func TestEveryChangeShows(t *testing.T) {
	template := testkit.Template(t, "everything", func(ctx context.Context, db *pgxpool.Pool) error {
		_, err := db.Exec(ctx, everything)
		return err
	})
	for change, want := range map[string]string{
		"ALTER TYPE app.mood ADD VALUE 'angry' BEFORE 'happy'":                               "  enum app.mood\n+     angry",
		"ALTER TABLE app.people ADD nick text":                                               "  table app.people\n+     column nick text",
		"ALTER TABLE app.people DROP COLUMN boss, ADD boss int":                              "-     constraint people_boss_fkey",
		"ALTER TABLE app.log ADD who text, DROP COLUMN line, ADD line text":                  "+     column who text",
		"ALTER TABLE app.people ALTER boss TYPE bigint":                                      "+     column boss bigint",
		"ALTER TABLE app.people ALTER name DROP NOT NULL":                                    "+     column name character varying(20) collate C default",
		"ALTER TABLE app.people ALTER name DROP DEFAULT":                                     "not null storage e statistics 500",
		"ALTER TABLE app.people ALTER id SET GENERATED BY DEFAULT":                           "identity by default",
		"ALTER TABLE app.people DROP CONSTRAINT name_long":                                   "-     constraint name_long CHECK",
		"ALTER TABLE app.people ADD CHECK (id > 0) NOT VALID":                                "+     constraint people_id_check CHECK ((id > 0)) NOT VALID",
		"ALTER INDEX app.people_mood RENAME TO x":                                            "- index app.people_mood",
		"DROP INDEX app.people_mood":                                                         "- index app.people_mood",
		"ALTER SEQUENCE app.numbers INCREMENT 2":                                             "INCREMENT 2",
		"CREATE OR REPLACE VIEW app.happy AS SELECT id, name FROM app.people":                "  view app.happy",
		"CREATE OR REPLACE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 3'": "-      IMMUTABLE",
		"ALTER TABLE app.people DISABLE TRIGGER touch":                                       "DISABLED",
		"ALTER TABLE app.people DISABLE ROW LEVEL SECURITY":                                  "-     row security enabled",
		"ALTER POLICY mine ON app.people USING (id > 1)":                                     "(id > 1)",
		"REVOKE SELECT ON app.people FROM PUBLIC":                                            "-     grant SELECT TO PUBLIC",
		"REVOKE EXECUTE ON FUNCTION app.twice FROM PUBLIC":                                   "-     grant EXECUTE TO PUBLIC",
		"COMMENT ON COLUMN app.people.name IS NULL":                                          "comment a name",
		"COMMENT ON TABLE app.people IS 'others'":                                            "+     comment others",
		"ALTER TABLE app.people SET (fillfactor = 80)":                                       "+     with fillfactor=80",
		"ALTER TABLE scratch SET LOGGED":                                                     "-     unlogged",
		"ALTER TABLE app.log DETACH PARTITION app.log_2026":                                  "-     partition FOR VALUES FROM",
		"ALTER DOMAIN app.email DROP NOT NULL":                                               "  domain app.email",
		"DROP STATISTICS app.correlated":                                                     "- statistics app.correlated",
		"ALTER PUBLICATION changes ADD TABLE app.log_2026":                                   "app.log_2026",
		"ALTER TABLE app.people REPLICA IDENTITY FULL":                                       "+     replica identity full",
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t, template)
			reader := catalog.NewReader(db, catalog.Options{Exclude: []string{"left_out"}})
			before := again(t, reader)
			testkit.Exec(t, db, change)
			after := read(t, db)
			if diff := cmp.Diff(after, again(t, reader)); diff != "" {
				t.Error("the reader has something else: " + diff)
			}
			var shown []string
			for _, d := range catalog.Compare(before, after) {
				shown = append(shown, d.String())
			}
			if got := strings.Join(shown, "\n"); !strings.Contains(got, want) {
				t.Errorf("want %s in\n%s", want, got)
			}
		})
	}
}

func TestReadTxSeesItsOwnChanges(t *testing.T) {
	db := testkit.NewDatabase(t)
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "CREATE TABLE x ()"); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.ReadTx(t.Context(), tx, catalog.Options{})
	if err != nil || c.Table("public", "x") == nil {
		t.Errorf("%+v, %v", c, err)
	}
	var path string
	if err := tx.QueryRow(t.Context(), "SHOW search_path").Scan(&path); err != nil || path != `"$user", public` {
		t.Errorf("search_path is %s, %v", path, err)
	}
}

func BenchmarkRead100Tables(b *testing.B) {
	db := testkit.NewDatabase(b)
	testkit.Exec(b, db, `DO $$ BEGIN FOR i IN 1..100 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a text NOT NULL, b int REFERENCES t%s, c timestamptz DEFAULT now())', i, greatest(i - 1, 1)); END LOOP; END $$`)
	for b.Loop() {
		read(b, db)
	}
}

// Krowoc's own schema is nobody's difference, whatever is in it.
func TestOwnSchemaIsLeftOut(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, everything)
	before := read(t, db)
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, db, `CREATE TYPE krowoc.e AS ENUM ('a'); CREATE DOMAIN krowoc.d AS text; CREATE TYPE krowoc.c AS (a int); CREATE SEQUENCE krowoc.s;
		CREATE VIEW krowoc.v AS SELECT 1 AS one; CREATE FUNCTION krowoc.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE STATISTICS krowoc.st ON kind, name FROM krowoc.seeds; CREATE POLICY p ON krowoc.seeds; CREATE RULE r AS ON UPDATE TO krowoc.unsaved DO NOTHING;
		ALTER DEFAULT PRIVILEGES IN SCHEMA krowoc GRANT SELECT ON TABLES TO PUBLIC`)
	if differences := catalog.Compare(before, read(t, db)); len(differences) > 0 {
		t.Error(differences)
	}
}

// A constraint and an index that are made again from their definitions are the same.
func TestDefinitionsAreStable(t *testing.T) {
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, `CREATE TABLE people (code varchar(9) CONSTRAINT known CHECK (code IN ('it''s', 'b, c', 'd')), CONSTRAINT other CHECK (code NOT IN ('x', 'y') AND code <> 'z'));
		CREATE INDEX codes ON people (code) WHERE code IN ('a', 'b')`)
	before := read(t, db)
	people := before.Table("public", "people")
	testkit.Exec(t, db, "ALTER TABLE people DROP CONSTRAINT known, DROP CONSTRAINT other; DROP INDEX codes")
	for _, c := range people.Constraints {
		testkit.Exec(t, db, "ALTER TABLE people ADD CONSTRAINT "+c.Name+" "+c.Definition)
	}
	testkit.Exec(t, db, before.Indexes[0].Definition)
	if diff := cmp.Diff(before, read(t, db)); diff != "" {
		t.Error(diff)
	}
}
