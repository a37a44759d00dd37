package ddl_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A value that an enum loses, and another order of its values, can be rolled back, whatever is bound to the type of the enum. Nothing of that is
// lost on the way.
func TestRemovedValueHasAWayBack(t *testing.T) {
	t.Parallel()
	changes := []string{"{ GOOD BAD }", "{ BAD SO_SO GOOD }", "{ BAD GOOD }"} // removed, reordered, both
	for i, name := range slices.Sorted(maps.Keys(enumUsers)) {
		c, values := enumUsers[name], changes[i%len(changes)]
		t.Run(name+" "+values, func(t *testing.T) {
			t.Parallel()
			byHand := "CREATE TYPE mood AS ENUM ('GOOD', 'SO_SO', 'BAD');" + c.byHand
			text := "enum Mood { GOOD SO_SO BAD } type Cat @table { " + c.fields + " }"
			db := testkit.NewDatabase(t)
			testkit.Exec(t, db, byHand)
			move(t, db, copiedTarget(t, byHand, text), ddl.PlanOptions{})
			if c.later != "" {
				testkit.Exec(t, db, c.later)
			}
			testkit.Exec(t, db, "INSERT INTO cats "+strings.ReplaceAll(c.rows, "all_", `"all"`))
			before, value := read(t, db), testkit.Value(t, db, c.value)
			plan, err := copiedTarget(t, byHand, strings.Replace(text, "{ GOOD SO_SO BAD }", values, 1)).
				Plan(t.Context(), db, ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})
			if err != nil || strings.Contains(show(plan), "Irreversible") || len(plan.Files) == 0 {
				t.Fatalf("%v\n%s", err, show(plan))
			}
			apply(t, db, plan)
			after := read(t, db)
			for i := range after.Enums {
				after.Enums[i].Values = before.Enums[i].Values
			}
			if left := catalog.Compare(before, after); len(left) > 0 {
				t.Errorf("it changes more than the enum: %v\n%s", left, show(plan))
			}
			if got := testkit.Value(t, db, c.value); got != value {
				t.Errorf("%s is %q, and was %q", c.value, got, value)
			}
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

// A composite type stops Postgres from replacing an enum. Then the plan leaves the enum as it is, with the reason, and changes the rest.
func TestRemovedValueUnderACompositeType(t *testing.T) {
	t.Parallel()
	for _, values := range []string{"{ GOOD }", "{ BAD GOOD }"} {
		const byHand = "CREATE TYPE mood AS ENUM ('GOOD', 'BAD'); CREATE TYPE pair AS (a mood, b mood[])"
		text := moods + `type Cat @table { mood: Mood! pair: String @col(dataType: "pair") }`
		db := testkit.NewDatabase(t)
		testkit.Exec(t, db, byHand)
		move(t, db, copiedTarget(t, byHand, text), ddl.PlanOptions{})
		testkit.Exec(t, db, "INSERT INTO cats (mood, pair) VALUES ('GOOD', '(BAD,{GOOD})')")
		scratch := testkit.NewDatabase(t)
		testkit.Exec(t, scratch, byHand)
		to, err := ddl.NewPartialTarget(t.Context(), scratch, parsed(t, strings.NewReplacer("{ GOOD BAD }", values, "mood: Mood!", "mood: Mood! age: Int").Replace(text)))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := to.Plan(t.Context(), db, ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.LeftOut) != 1 || plan.LeftOut[0].Object != "enum mood" || !strings.Contains(plan.LeftOut[0].Reason, "composite type pair") {
			t.Errorf("%+v\n%s", plan.LeftOut, show(plan))
		}
		apply(t, db, plan)
		if got := testkit.Value(t, db, "SELECT concat(mood, pair, age) FROM cats"); got != "GOOD(BAD,{GOOD})" {
			t.Errorf("the row is %s", got)
		}
	}
}

// What people wrote by hand can contain a value that an enum loses. The reason says so, whether the schema uses it or not, and does not
// blame the rows.
func TestRemovedValueInHandWrittenSQL(t *testing.T) {
	t.Parallel()
	const rows, text = "INSERT INTO cats (mood) VALUES ('SO_SO')", "change it in a migration first"
	for name, c := range map[string]struct{ byHand, fields, later, reason, hint string }{
		"the default of a domain":   {"CREATE DOMAIN tame AS mood DEFAULT 'SO_SO'", `tame: Mood @col(dataType: "tame")`, "", "the domain tame contains a value that the enum loses", text},
		"the check of a domain":     {"CREATE DOMAIN tame AS mood CHECK (VALUE <> 'SO_SO')", `tame: Mood @col(dataType: "tame")`, "", "the domain tame contains a value that the enum loses", text},
		"a domain over a domain":    {`CREATE DOMAIN "Tame" AS mood; CREATE DOMAIN apart AS "Tame" CHECK (VALUE::mood <> 'SO_SO')`, `tame: Mood @col(dataType: "apart")`, "", "the domain apart contains a value that the enum loses", text},
		"a domain for nothing":      {"CREATE DOMAIN tame AS mood DEFAULT 'SO_SO'", "", "", "the domain tame contains a value that the enum loses", text},
		"the body of a function":    {"CREATE FUNCTION calm(m mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT m = 'SO_SO' $$", `calm: Boolean @generated(sql: "calm(mood)")`, "", "the function calm contains a value that the enum loses", text},
		"a check of a table":        {"", "", "ALTER TABLE cats ADD CONSTRAINT calm CHECK (mood <> 'SO_SO')", "the constraint calm of cats contains a value that the enum loses", text},
		"the condition of an index": {"", "", "CREATE INDEX calm ON cats (id) WHERE mood = 'SO_SO'", "the index calm contains a value that the enum loses", text},
		"a row":                     {"", "", rows, `invalid input value for enum mood: "SO_SO"`, "change the rows in a migration first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			byHand := "CREATE TYPE mood AS ENUM ('GOOD', 'SO_SO', 'BAD');" + c.byHand
			fields := " type Cat @table { mood: Mood! age: Int " + c.fields + "}"
			db, scratch := testkit.NewDatabase(t), testkit.NewDatabase(t)
			for _, to := range []*pgxpool.Pool{db, scratch} {
				testkit.Exec(t, to, byHand)
			}
			move(t, db, copiedTarget(t, byHand, "enum Mood { GOOD SO_SO BAD }"+strings.Replace(fields, "age: Int", "", 1)), ddl.PlanOptions{})
			if c.later != "" {
				testkit.Exec(t, db, c.later)
			}
			to, err := ddl.NewPartialTarget(t.Context(), scratch, parsed(t, "enum Mood { BAD GOOD }"+fields))
			if err != nil {
				t.Fatal(err)
			}
			for _, allow := range []bool{false, true} {
				plan, err := to.Plan(t.Context(), db, ddl.PlanOptions{Options: ddl.Options{AllowDrop: allow}})
				if err != nil || !strings.Contains(files(plan), "ADD COLUMN age integer") {
					t.Fatalf("%v\n%s", err, files(plan))
				}
				if !allow && (len(plan.LeftOut) > 0 || !slices.Contains(plan.Left, "value SO_SO of enum mood")) {
					t.Errorf("without leave to drop, it leaves out\n%s", leftOut(plan))
				}
				if allow && (len(plan.LeftOut) != 1 || !strings.HasPrefix(leftOut(plan), "enum mood: "+c.reason) || !strings.Contains(plan.LeftOut[0].Hint, c.hint)) {
					t.Errorf("%+v", plan.LeftOut)
				}
			}
		})
	}
}
