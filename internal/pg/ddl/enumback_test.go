package ddl_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// copiedTarget returns the target of a schema in a database that has what people wrote by hand, as the commands do.
func copiedTarget(t *testing.T, byHand, text string) *ddl.Target {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if mistakes.Errors() > 0 {
		t.Fatal(mistakes)
	}
	scratch := testkit.NewDatabase(t)
	testkit.Exec(t, scratch, byHand)
	to, err := ddl.NewTarget(t.Context(), scratch, s)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// read returns a catalog with its owners.
func read(t *testing.T, db *pgxpool.Pool) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Read(t.Context(), db, catalog.Options{Owners: "none"})
	if err != nil {
		t.Fatal(err)
	}
	return c.ColumnsByName()
}

const moods = `enum Mood { GOOD BAD } `

// enumUsers are schemas whose fields use an enum in ways that Postgres binds to its type, and what people wrote by hand before.
var enumUsers = map[string]struct{ byHand, fields, later, rows, value string }{
	"a domain": {
		byHand: `CREATE DOMAIN tame AS mood DEFAULT 'GOOD' NOT NULL CONSTRAINT only_good CHECK (VALUE = 'GOOD'); COMMENT ON DOMAIN tame IS 'it''s tame'`,
		fields: `mood: Mood! tame: Mood! @col(dataType: "tame")`, rows: `(mood) VALUES ('BAD')`, value: `SELECT tame::text FROM cats`,
	},
	"a domain with an owner and grants": {
		byHand: `CREATE DOMAIN tame AS mood; REVOKE ALL ON DOMAIN tame FROM PUBLIC; GRANT USAGE ON DOMAIN tame TO pg_monitor; GRANT USAGE ON DOMAIN tame TO pg_read_all_data WITH GRANT OPTION;
			ALTER DOMAIN tame OWNER TO pg_signal_backend`,
		fields: `tame: Mood @col(dataType: "tame") @index`, rows: `(tame) VALUES ('BAD'), (NULL)`, value: `SELECT string_agg(tame::text, ',') FROM cats`,
	},
	"domains over domains and lists": {
		byHand: `CREATE SCHEMA apart; CREATE DOMAIN apart.tame AS mood CHECK (VALUE <> 'BAD'); CREATE DOMAIN "Very tame" AS apart.tame; CREATE DOMAIN moods AS mood[] CHECK (cardinality(VALUE) < 3)`,
		fields: `tame: String @col(dataType: "\"Very tame\"") all: String @col(dataType: "moods") many: [String!] @col(dataType: "apart.tame[]")`,
		rows:   `(tame, all_, many) VALUES ('GOOD', '{BAD}', '{GOOD}')`, value: `SELECT tame || "all"::text || many::text FROM cats`,
	},
	"functions in a default, a generated column and a check": {
		byHand: `CREATE FUNCTION is_good(mood) RETURNS boolean LANGUAGE sql IMMUTABLE COST 7 AS $$ SELECT $1 = 'GOOD' $$;
			CREATE FUNCTION best(m mood DEFAULT 'GOOD') RETURNS mood LANGUAGE plpgsql STABLE SET search_path = public AS $f$ BEGIN RETURN m; END $f$;
			COMMENT ON FUNCTION best(mood) IS 'the best'; REVOKE ALL ON FUNCTION best(mood) FROM PUBLIC; GRANT EXECUTE ON FUNCTION best(mood) TO pg_monitor;
			ALTER FUNCTION is_good(mood) OWNER TO pg_signal_backend`,
		fields: `mood: Mood! @default(sql: "best()") ok: Boolean @default(sql: "is_good('GOOD')") fine: Boolean @generated(sql: "is_good(mood)") @index
			checked: Mood @check(sql: "is_good(checked)") up: String @generated(sql: "CASE mood WHEN 'GOOD' THEN 'up' END")`,
		rows: `(checked) VALUES ('GOOD')`, value: `SELECT concat(mood, ok, fine, up) FROM cats`,
	},
	"functions of one name": {
		byHand: `CREATE FUNCTION rank(mood) RETURNS int LANGUAGE sql IMMUTABLE RETURN CASE $1 WHEN 'GOOD' THEN 1 ELSE 2 END;
			CREATE FUNCTION rank(mood[]) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT max(rank(m)) FROM unnest($1) m; END;
			CREATE PROCEDURE rank(a mood, INOUT b mood) LANGUAGE sql AS 'SELECT a'`,
		fields: `moods: [Mood!] n: Int @generated(sql: "rank(moods)")`, rows: `(moods) VALUES ('{GOOD,BAD}')`, value: `SELECT n FROM cats`,
	},
	"a domain whose check calls a function": {
		byHand: `CREATE FUNCTION is_good(mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = 'GOOD' $$; CREATE DOMAIN tame AS mood CHECK (is_good(VALUE));
			CREATE FUNCTION first_of(tame) RETURNS tame LANGUAGE sql AS $$ SELECT $1 $$; CREATE DOMAIN plain AS text CHECK (first_of(VALUE::tame) IS NOT NULL)`,
		fields: `tame: Mood @col(dataType: "tame") plain: String @col(dataType: "plain")`, rows: `(tame, plain) VALUES ('GOOD', 'GOOD')`, value: `SELECT concat(tame, plain) FROM cats`,
	},
	"a function that reads the column": {
		byHand: ``, later: `CREATE FUNCTION good_cats() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM cats WHERE mood = 'GOOD'; END;
			CREATE FUNCTION cat_of(mood) RETURNS SETOF cats LANGUAGE sql AS $$ SELECT * FROM cats WHERE mood = $1 $$`,
		fields: `mood: Mood!`, rows: `(mood) VALUES ('GOOD'), ('BAD')`, value: `SELECT good_cats() || (SELECT mood::text FROM cat_of('BAD'))`,
	},
	"comments and grants of the enum": {
		byHand: `COMMENT ON TYPE mood IS 'how'; REVOKE ALL ON TYPE mood FROM PUBLIC; GRANT USAGE ON TYPE mood TO pg_monitor`, fields: `mood: Mood! @default(value: GOOD)`,
		rows: `(mood) VALUES ('BAD')`, value: `SELECT mood FROM cats`,
	},
	"what is over a generated column": {
		fields: `mood: Mood! up: String @generated(sql: "CASE mood WHEN 'GOOD' THEN 'up' ELSE 'down' END") @unique @check(sql: "up <> ''")`,
		later:  `COMMENT ON COLUMN cats.up IS 'u'; GRANT SELECT (up) ON cats TO pg_monitor; CREATE INDEX by_hand ON cats (lower(up)) WHERE up <> 'x'; COMMENT ON INDEX by_hand IS 'i'`,
		rows:   `(mood) VALUES ('BAD')`, value: `SELECT up FROM cats`,
	},
}

// A value that an enum gets can be rolled back, whatever is bound to the type of the enum.
func TestAddedValueHasAWayBack(t *testing.T) {
	t.Parallel()
	for name, c := range enumUsers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			byHand := "CREATE TYPE mood AS ENUM ('GOOD', 'BAD');" + c.byHand
			text := moods + "type Cat @table { " + c.fields + " }"
			db := testkit.NewDatabase(t)
			testkit.Exec(t, db, byHand)
			move(t, db, copiedTarget(t, byHand, text), ddl.PlanOptions{})
			if c.later != "" {
				testkit.Exec(t, db, c.later)
			}
			testkit.Exec(t, db, "INSERT INTO cats "+strings.ReplaceAll(c.rows, "all_", `"all"`))
			before, value := read(t, db), testkit.Value(t, db, c.value)
			plan, err := copiedTarget(t, byHand, strings.Replace(text, "{ GOOD BAD }", "{ GOOD SO_SO BAD }", 1)).Plan(t.Context(), db, ddl.PlanOptions{})
			if err != nil || strings.Contains(show(plan), "Irreversible") {
				t.Fatalf("%v\n%s", err, show(plan))
			}
			written := regexp.MustCompile(`sql: "(CASE[^"]*)"`).FindStringSubmatch(text)
			if written != nil && !strings.Contains(show(plan), "("+written[1]+") STORED") {
				t.Errorf("a generated column is not written as in the schema:\n%s", show(plan))
			}
			apply(t, db, plan)
			for _, f := range slices.Backward(plan.Files) {
				testkit.Exec(t, db, strings.Join(f.Down, ";\n"))
			}
			if left := catalog.Compare(before, read(t, db)); len(left) > 0 {
				t.Errorf("rolled back, it differs: %v\n%s", left, show(plan))
			}
			if got := testkit.Value(t, db, c.value); got != value {
				t.Errorf("rolled back, %s is %q, and was %q", c.value, got, value)
			}
		})
	}
}

// Where Postgres refuses the way back, the rollback says which statement and why, and the plan is made.
func TestAddedValueWithoutAWayBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ byHand, statement, reason string }{
		"a view":           {"CREATE VIEW v AS SELECT mood FROM cats", "ALTER TABLE cats", "rule _RETURN on view v depends on column \"mood\""},
		"a policy":         {"CREATE POLICY p ON cats USING (mood = 'GOOD')", "ALTER TABLE cats", "policy"},
		"a composite type": {"CREATE TYPE pair AS (a mood, b int)", "DROP TYPE mood_old", "column a of composite type pair depends on type mood_old"},
		"an aggregate": {"CREATE FUNCTION one(mood, mood) RETURNS mood LANGUAGE sql AS 'SELECT $1'; CREATE AGGREGATE any_mood (mood) (SFUNC = one, STYPE = mood)",
			"DROP FUNCTION one_old", "any_mood(mood_old) depends on function one_old"},
		"a name that is taken": {"CREATE TYPE mood_old AS ENUM ()", "ALTER TYPE mood RENAME TO mood_old", "already exists"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const text = moods + `enum Size { BIG } type Cat @table { mood: Mood! size: Size }`
			db, scratch := testkit.NewDatabase(t), testkit.NewDatabase(t)
			for _, to := range []*pgxpool.Pool{db, scratch} {
				move(t, to, target(t, text), ddl.PlanOptions{})
				testkit.Exec(t, to, c.byHand)
			}
			before := read(t, db)
			plan, err := target(t, strings.NewReplacer("BAD }", "BAD WORSE }", "BIG }", "BIG SMALL }", "size: Size }", "size: Size age: Int }").Replace(text)).
				Plan(t.Context(), scratch, ddl.PlanOptions{})
			if err != nil || len(plan.Files) != 3 {
				t.Fatalf("%v\n%s", err, show(plan))
			}
			apply(t, db, plan)
			isComment := regexp.MustCompile(`^(-- .*\n)+-- .*$`)
			down := strings.Join(plan.Files[1].Down, "\n")
			if !isComment.MatchString(down) || !strings.Contains(down, "-- Irreversible: the enum mood") || !strings.Contains(down, "--   "+c.statement) || !strings.Contains(down, c.reason) {
				t.Error(down)
			}
			testkit.Exec(t, db, strings.Join(slices.Concat(plan.Files[2].Down, plan.Files[0].Down), ";\n"))
			if left := catalog.Compare(before, read(t, db)); len(left) != 1 {
				t.Errorf("the rest is not rolled back: %v", left)
			}
		})
	}
}
