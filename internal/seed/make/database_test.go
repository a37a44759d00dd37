package make_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/seed"
	maker "github.com/krowoc/krowoc/internal/seed/make"
	"github.com/krowoc/krowoc/internal/testkit"
)

// TestSatisfiesChecksInSQL generates rows for checks that only Postgres can evaluate.
func TestSatisfiesChecksInSQL(t *testing.T) {
	t.Parallel()
	for field, check := range map[string]string{
		"a: String!":                "a IN ('x', 'it''s')",
		"a: String":                 "a ~ '^[a-z]{3}$'",
		"a: String! @unique":        "a = lower(a) AND length(a) BETWEEN 5 AND 12",
		"a: String!  ":              "a LIKE 'pre%' AND position('@' in a) > 3",
		"a: Int!":                   "a % 7 = 3",
		"a: Int! @unique":           "a % 2 = 0 AND a > 1000",
		"a: Int!  ":                 "a BETWEEN -20 AND -10",
		"a: Decimal!":               "a > 0.5 AND a < 1",
		"a: Date!":                  "a >= '1999-01-01' AND a < '2001-01-01'",
		"a: DateTime!":              "a > '2040-01-01 00:00:00+00'",
		"a: Boolean!":               "NOT a",
		"a: JSON!":                  "jsonb_typeof(a) = 'array' AND a <> '[]'",
		"a: [String!]!":             "cardinality(a) = 2",
		"a: Int b: Int":             "num_nonnulls(a, b) = 1",
		"a: Int b: Int ":            "(a IS NULL) <> (b IS NULL)",
		"a: Int! b: Int!":           "a > b",
		"a: Int @default(value: 5)": "a <> 5",
	} {
		t.Run(field+check, func(t *testing.T) {
			t.Parallel()
			s := parse(t, fmt.Sprintf(`type Item @table @check(sql: %q) @auth(rules: []) { %s }`, check, field))
			pool := built(t, s)
			must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 100})))
			if got := testkit.Value(t, pool, "SELECT count(*) FROM items"); got != "100" {
				t.Error(got)
			}
		})
	}
}

// TestSatisfiesTheDatabase generates rows in tables whose constraints the schema does not have, in two steps.
func TestSatisfiesTheDatabase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sdl, sql, question string }{
		"unique index":             {`type Item @table @auth(rules: []) { a: String! b: Int! }`, `CREATE UNIQUE INDEX ON items (a); CREATE UNIQUE INDEX ON items (b)`, `count(DISTINCT a) = 60`},
		"partial unique index":     {`type Item @table @auth(rules: []) { a: Int! @range(min: 1, max: 40) b: Boolean! }`, `CREATE UNIQUE INDEX ON items (a) WHERE b`, `count(*) = 60`},
		"index of an expression":   {`type Item @table @auth(rules: []) { word: String! @length(max: 12) }`, `CREATE UNIQUE INDEX ON items (lower(left(word, 9)))`, `count(*) = 60`},
		"nulls by a check":         {`type Item @table @auth(rules: []) { a: Int b: Int c: String @unique }`, `CREATE UNIQUE INDEX ON items (a, b) NULLS NOT DISTINCT; ALTER TABLE items ADD CHECK (num_nonnulls(a, b) = 1)`, `count(*) = 60`},
		"nulls not distinct":       {`type Item @table @auth(rules: []) { a: Int b: Int! @range(min: 1, max: 20) }`, `CREATE UNIQUE INDEX ON items (a, b) NULLS NOT DISTINCT`, `count(*) = 60`},
		"few values":               {`type Item @table @auth(rules: []) { a: Boolean }`, `CREATE UNIQUE INDEX ON items (a)`, `count(*) = 60 AND count(a) = 2`},
		"exclusion constraint":     {`type Item @table @auth(rules: []) { a: String! @col(dataType: "int4range") }`, `ALTER TABLE items ADD EXCLUDE USING gist (a WITH &&)`, `count(*) > 5`},
		"default now()":            {`type Item @table @auth(rules: []) { a: DateTime! @default(sql: "now()") }`, `CREATE UNIQUE INDEX ON items (a)`, `count(DISTINCT a) = 60`},
		"foreign key":              {`type Item @table @auth(rules: []) { a: ID! other: ID more: Int @default(value: 42) } type Team @table @auth(rules: []) { name: String! n: Int! @unique }`, `ALTER TABLE items ADD FOREIGN KEY (a) REFERENCES teams, ADD FOREIGN KEY (other) REFERENCES teams ON DELETE SET DEFAULT, ADD FOREIGN KEY (more) REFERENCES teams (n)`, `count(DISTINCT a) > 10 AND count(other) > 20 AND count(more) > 20`},
		"unknown table":            {`type Item @table @auth(rules: []) { a: Int @default(value: 42) }`, `CREATE TABLE elsewhere (id int PRIMARY KEY); ALTER TABLE items ADD FOREIGN KEY (a) REFERENCES elsewhere`, `count(*) = 60 AND count(a) = 0`},
		"table outside":            {`type Item @table @auth(rules: []) { a: Int! b: String }`, `CREATE SCHEMA audit; CREATE TABLE audit.logs (id int PRIMARY KEY); CREATE TABLE codes (code text UNIQUE); INSERT INTO audit.logs SELECT generate_series(1, 9); INSERT INTO codes VALUES ('x'), ('y'), (NULL); ALTER TABLE items ADD FOREIGN KEY (a) REFERENCES audit.logs, ADD FOREIGN KEY (b) REFERENCES codes (code)`, `count(DISTINCT a) = 9 AND count(DISTINCT b) = 2`},
		"required itself":          {`type Item @table @auth(rules: []) { parent: ID! }`, `ALTER TABLE items ADD FOREIGN KEY (parent) REFERENCES items`, `count(DISTINCT parent) > 20`},
		"unique required itself":   {`type Item @table @auth(rules: []) { next: ID! @unique }`, `ALTER TABLE items ADD FOREIGN KEY (next) REFERENCES items`, `count(DISTINCT next) = 60`},
		"itself by a number":       {`type Item @table(key: ["id"]) @auth(rules: []) { id: Int! @col(dataType: "serial") parent: Int! }`, `ALTER TABLE items ADD FOREIGN KEY (parent) REFERENCES items`, `count(DISTINCT parent) > 20`},
		"itself and a check":       {`type Item @table @auth(rules: []) { word: String! parent: ID! }`, `ALTER TABLE items ADD FOREIGN KEY (parent) REFERENCES items; CREATE UNIQUE INDEX ON items (lower(word))`, `count(DISTINCT parent) > 20`},
		"itself in a tenant":       {`type Item @table(key: ["tenant", "n"]) @auth(rules: []) { tenant: Int! n: Int! parent: Int! }`, `ALTER TABLE items ADD FOREIGN KEY (tenant, parent) REFERENCES items`, `count(*) = 60`},
		"two keys of a column":     {`type Item @table @auth(rules: []) { a: ID! } type Team @table @auth(rules: []) { name: String! } type Chief @table(key: ["team"]) @auth(rules: []) { team: Team! }`, `ALTER TABLE items ADD FOREIGN KEY (a) REFERENCES teams, ADD FOREIGN KEY (a) REFERENCES chiefs`, `count(*) = 60`},
		"citext":                   {`type Item @table @auth(rules: []) { a: String! @unique @col(dataType: "citext") @length(max: 3) b: String! @col(dataType: "citext") @length(max: 2) }`, `CREATE UNIQUE INDEX ON items (b)`, `count(DISTINCT a) = 60 AND count(DISTINCT b) = 60`},
		"citext in a pair":         {`type Item @table @auth(rules: []) { a: String! @col(dataType: "citext") b: Int! }`, `ALTER TABLE items ADD CHECK (a IN ('x', 'X', 'y', 'Y')), ADD CHECK (b BETWEEN 1 AND 40); CREATE UNIQUE INDEX ON items (a, b)`, `count(*) = 60`},
		"blanks":                   {`type Item @table @auth(rules: []) { a: String! @col(dataType: "char(9)") b: Boolean! }`, `CREATE UNIQUE INDEX ON items (a)`, `count(DISTINCT a) = 60`},
		"scale":                    {`type Item @table @auth(rules: []) { a: Decimal! @col(dataType: "numeric") @range(min: 1, max: 2) }`, `CREATE UNIQUE INDEX ON items (a)`, `count(DISTINCT a) = 60`},
		"nondeterministic":         {`type Item @table @auth(rules: []) { a: String! @length(max: 3) }`, `CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false); ALTER TABLE items ALTER a TYPE text COLLATE nocase; CREATE UNIQUE INDEX ON items (a)`, `count(*) = 60`},
		"few codes":                {`type Item @table @auth(rules: []) { a: String! @unique @col(dataType: "char(1)") }`, `SELECT 1`, `count(*) = 36`},
		"reference with default":   {`type Item @table @auth(rules: []) { team: Team! @default(sql: "'00000000-0000-0000-0000-000000000000'") } type Team @table @auth(rules: []) { name: String! }`, `SELECT 1`, `count(DISTINCT team_id) > 10`},
		"domain of unique numbers": {`type Item @table @auth(rules: []) { a: Int! @unique @col(dataType: "even") }`, `SELECT 1`, `count(DISTINCT a) = 60`},
		"domain of elements":       {`type Item @table @auth(rules: []) { a: [String!]! @col(dataType: "code[]") }`, `SELECT 1`, `max(cardinality(a)) > 1`},
		"composite types":          {`type Item @table @auth(rules: []) { a: String! @col(dataType: "person") b: [String!]! @col(dataType: "person[]") }`, `SELECT 1`, `count(DISTINCT (a).name) > 20 AND count(DISTINCT ((a).at).a) > 5 AND max(cardinality((a).tags)) > 1`},
		"other types":              {`type Item @table @auth(rules: []) { a: String! @col(dataType: "oid") b: String! @col(dataType: "regclass") c: String @col(dataType: "pg_ndistinct") d: String! @col(dataType: "floats") e: String! @col(dataType: "cube") }`, `SELECT 1`, `count(DISTINCT a) > 20 AND count(c) = 0`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, c.sdl)
			load := func() string {
				pool := built(t, s, typesByHand, `CREATE EXTENSION cube; CREATE EXTENSION citext; CREATE TYPE floats AS RANGE (subtype = float8); CREATE DOMAIN even AS int CHECK (value % 2 = 0);
					CREATE TYPE "the pair" AS (a int, b text); CREATE TYPE person AS (name text, tags text[], at "the pair")`)
				testkit.Exec(t, pool, c.sql)
				for _, rows := range []int64{40, 60} {
					must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
				}
				if got := testkit.Value(t, pool, "SELECT "+c.question+" FROM items"); got != "true" {
					t.Errorf("%s is %s: %s", c.question, got, testkit.Value(t, pool, "SELECT string_agg(i::text, ' ') FROM items i"))
				}
				return contents(t, pool, s)
			}
			first, second := load(), load()
			if first != second {
				t.Error("the same random seed makes other rows")
			}
		})
	}
}

// TestStaysInPartitions generates rows that a partition accepts.
func TestStaysInPartitions(t *testing.T) {
	t.Parallel()
	for bounds, sdl := range map[string]string{
		"RANGE (at): FROM ('2020-01-01') TO ('2020-02-01'); FROM ('2031-01-01') TO ('2031-06-01')": "at: Date!",
		"LIST (at): IN ('x', 'y'); IN ('z')":       "at: String!",
		"RANGE (at): FROM (5) TO (9)":              "at: Int!",
		"HASH (at): WITH (MODULUS 1, REMAINDER 0)": "at: Int!",
	} {
		s := parse(t, "type Item @table(key: [\"id\", \"at\"]) @auth(rules: []) { id: Int! "+sdl+" }")
		pool := built(t, s)
		key, parts, _ := strings.Cut(bounds, ": ")
		testkit.Exec(t, pool, "ALTER TABLE items RENAME TO old; CREATE TABLE items (LIKE old) PARTITION BY "+key+"; DROP TABLE old")
		for i, part := range strings.Split(parts, "; ") {
			testkit.Exec(t, pool, fmt.Sprintf("CREATE TABLE part%d PARTITION OF items FOR VALUES %s", i, part))
		}
		must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 50})))
		if got := testkit.Value(t, pool, "SELECT count(*) || ' ' || count(DISTINCT tableoid) FROM items"); got != fmt.Sprintf("50 %d", strings.Count(parts, ";")+1) {
			t.Errorf("%s: %s", bounds, got)
		}
	}
}

// TestFewerRowsThanRequested generates only as many rows as the constraints allow, and as many for what refers to them one to one.
func TestFewerRowsThanRequested(t *testing.T) {
	t.Parallel()
	s := parse(t, `type Item @table @auth(rules: []) { a: Int! @range(min: 1, max: 100) } type Note @table(key: ["item"]) @auth(rules: []) { item: Item! }`)
	pool := built(t, s)
	testkit.Exec(t, pool, "CREATE UNIQUE INDEX ON items ((a % 3))")
	for range 2 {
		must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 20})))
	}
	if got := testkit.Value(t, pool, "SELECT (SELECT count(*) FROM items) || ' ' || (SELECT count(*) FROM notes)"); got != "3 3" {
		t.Error(got)
	}
}

// TestNamesTheCheck that no row satisfies, and writes nothing.
func TestNamesTheCheck(t *testing.T) {
	t.Parallel()
	s := parse(t, `type First @table @auth(rules: []) { name: String! } type Item @table @auth(rules: []) { a: Int! other: Int! }`)
	pool := built(t, s)
	testkit.Exec(t, pool, "ALTER TABLE items ADD CONSTRAINT never CHECK (a = other AND a <> other)")
	_, err := seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 20}))
	if err == nil || !strings.Contains(err.Error(), "row 1 of items cannot be generated: the check never is violated") ||
		fault.HintOf(err) != "Under generate: Item, specify how a and other are generated, so that the database accepts it." {
		t.Errorf("%v; hint %s", err, fault.HintOf(err))
	}
	if got := testkit.Value(t, pool, "SELECT count(*) FROM firsts"); got != "0" {
		t.Error(got)
	}
}

// TestPerReferenceWithDefault generates rows for each row of a unique reference that has a default.
func TestPerReferenceWithDefault(t *testing.T) {
	t.Parallel()
	s := parse(t, `type Team @table @auth(rules: []) { name: String! }
		type Item @table @auth(rules: []) { team: Team! @unique @default(sql: "gen_random_uuid()") }`)
	pool := built(t, s)
	must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Team: 5, Item: {per: {team: 1}}}")))
	if got := testkit.Value(t, pool, "SELECT count(DISTINCT team_id) FROM items"); got != "5" {
		t.Error(got)
	}
}

// TestTwoUniqueReferences finds the values that are left for both.
func TestTwoUniqueReferences(t *testing.T) {
	t.Parallel()
	s := parse(t, `type Team @table @auth(rules: []) { name: String! }
		type Item @table @auth(rules: []) { team: Team! @unique other: Team! @unique }`)
	pool := built(t, s)
	for _, rows := range []int64{20, 25} {
		must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: rows})))
	}
}

// TestKnownConstraints are evaluated here, which is much faster than in Postgres.
func TestKnownConstraints(t *testing.T) {
	t.Parallel()
	platform, err := os.ReadFile("../../../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, string(platform))
	if judged, err := maker.Judged(t.Context(), built(t, s), s); err != nil || len(judged) > 0 {
		t.Error(judged, err)
	}
	s = parse(t, `type Known @table @unique(fields: ["a", "b"]) @check(expr: "this.a < this.b") @auth(rules: []) {
			a: Int! @range(min: 1) b: Int! tags: [String!] @length(max: 5) email: String @format(type: email) @unique code: String @pattern(regex: "^a+$") }
		type Item @table @auth(rules: []) { a: Int! @check(sql: "a > 5") }`)
	if judged, err := maker.Judged(t.Context(), built(t, s), s); err != nil || !slices.Equal(judged, []string{"items"}) {
		t.Error(judged, err)
	}
}

// TestJudgesManyRows in an empty table and in one that is in use, which gets batches. Each row is looked up in the indexes, also where nulls
// are equal: a join would compare each row with each other one.
func TestJudgesManyRows(t *testing.T) {
	t.Parallel()
	s := parse(t, `type Team @table @auth(rules: []) { name: String! } type Item @table @auth(rules: []) { team: Team! word: String! a: Int! @check(sql: "a % 3 > 0") b: Int parent: Item }`)
	pool := built(t, s)
	testkit.Exec(t, pool, "CREATE UNIQUE INDEX ON items (lower(word), a); CREATE UNIQUE INDEX ON items (lower(word), b) NULLS NOT DISTINCT")
	for _, rows := range []int64{1000, 52_000} {
		must(t)(seed.Load(t.Context(), making(t, pool, s, "generate: {Team: 20}", seed.Count{Type: "Item", Rows: rows})))
		if got := testkit.Value(t, pool, "SELECT count(*) || ' ' || (count(parent_id) > 500) FROM items"); got != fmt.Sprint(rows, " true") {
			t.Error(got)
		}
	}
}

// TestNeedsTemporaryTables says which privilege is missing.
func TestNeedsTemporaryTables(t *testing.T) {
	s := parse(t, `type Item @table @auth(rules: []) { a: Int! @check(sql: "a > 5") }`)
	pool := built(t, s)
	testkit.Exec(t, pool, fmt.Sprintf(`CREATE ROLE %[1]s LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public, krowoc TO %[1]s; GRANT USAGE ON SCHEMA public, krowoc TO %[1]s`, appRole(t)))
	testkit.Exec(t, pool, "DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$")
	_, err := seed.Load(t.Context(), making(t, as(t, pool, appRole(t)), s, "", seed.Count{Rows: 20}))
	if err == nil || !strings.Contains(fault.HintOf(err), "GRANT TEMPORARY ON DATABASE") {
		t.Errorf("%v; hint %s", err, fault.HintOf(err))
	}
}

// An array that the schema declares as a text, since it has several dimensions, gets a value.
func TestArraysAsText(t *testing.T) {
	s := parse(t, `type Board @table { id: Int! cells: String! @col(dataType: "integer[][]") }`)
	pool := built(t, s)
	must(t)(seed.Load(t.Context(), making(t, pool, s, "", seed.Count{Rows: 3})))
	if got := testkit.Value(t, pool, "SELECT count(*) FROM boards"); got != "3" {
		t.Errorf("%s boards", got)
	}
}
