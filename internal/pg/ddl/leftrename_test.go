package ddl_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A rename and a rollback that Postgres refuses leave out their objects, and no others: a column of another table is always written.
func TestLeftOutRenamesAndRollbacks(t *testing.T) {
	t.Parallel()
	const other = ` type Other @table { n: Int }`
	for name, c := range map[string]struct {
		before, byHand, after string
		left                  []string // "object: reason"
		there                 string   // a query that is true as long as nothing is lost
	}{
		"a type whose new name is taken": {
			`type User @table { name: String } type Post @table { author: User @index }`, "CREATE VIEW people AS SELECT 1",
			`type Person @table @renamed(from: "User") { name: String born: Date } type Post @table { author: Person @index title: String }`,
			[]string{`table people: relation "people" already exists`, "constraint posts_author_id_fkey of posts: it depends on table people, which is left out"},
			"(SELECT count(*) = 1 FROM pg_constraint WHERE confrelid = 'users'::regclass) AND (SELECT count(title) = 0 FROM posts)",
		},
		"a type whose former name another type gets": {
			`type User @table { name: String } type Post @table { author: User }`, "CREATE VIEW people AS SELECT 1",
			`type Person @table @renamed(from: "User") { name: String } type Robot @table(name: "users") { model: String! } type Post @table { author: Person robot: Robot }`,
			[]string{`table people: relation "people" already exists`, "constraint posts_author_id_fkey of posts: it depends on table people, which is left out",
				"table users: it depends on table people, which is left out", "constraint posts_robot_id_fkey of posts: it depends on table people, which is left out",
				"column posts.robot_id: it depends on table people, which is left out"},
			"(SELECT count(name) = 0 FROM users)",
		},
		"a type with a join table": {
			`type User @table { tags: [Tag!] } type Tag @table { users: [User!] }`, "CREATE VIEW people AS SELECT 1",
			`type Person @table @renamed(from: "User") { tags: [Tag!] } type Tag @table { users: [Person!] }`,
			[]string{`table people: relation "people" already exists`, "table people_tags: it depends on table people, which is left out"},
			"coalesce(to_regclass('users_tags'), to_regclass('tags_users')) IS NOT NULL AND to_regclass('people_tags') IS NULL",
		},
		"a key to which references belong": {
			`type User @table(key: ["code"]) { code: Int! } type Post @table { author: User @index }`, "REFUSE ALTER TABLE users RENAME COLUMN code TO number",
			`type User @table(key: ["number"]) { number: Int! @renamed(from: "code") } type Post @table { author: User @index title: String }`,
			[]string{"column users.number: not here", "column posts.author_number: it depends on column users.number, which is left out",
				"constraint posts_author_number_fkey of posts: it depends on column posts.author_number, which is left out",
				"index posts_author_number_idx of posts: it depends on column posts.author_number, which is left out",
				"constraint users_pkey of users: it depends on column users.code, which is left out"},
			"(SELECT count(author_code) = 0 FROM posts) AND (SELECT count(title) = 0 FROM posts) AND (SELECT count(*) = 1 FROM pg_constraint WHERE confrelid = 'users'::regclass)",
		},
		"a column and what is over it": {
			`type User @table { name: String @unique @length(max: 9) age: Int }`, "REFUSE ALTER TABLE users RENAME COLUMN name TO title",
			`type User @table { title: String @unique @length(max: 9) @renamed(from: "name") age: Int @index }`,
			[]string{"column users.title: not here", "constraint users_title_key of users: it depends on column users.title, which is left out",
				"constraint users_title_length_check of users: it depends on column users.title, which is left out"},
			"to_regclass('users_name_key') IS NOT NULL AND to_regclass('users_age_idx') IS NOT NULL",
		},
		"an enum": {
			`enum Mood { GOOD BAD } type Cat @table { mood: Mood @default(value: GOOD) @index age: Int }`, "CREATE VIEW temper AS SELECT 1",
			`enum Temper @renamed(from: "Mood") { FINE @renamed(from: "GOOD") BAD } type Cat @table { mood: Temper @default(value: FINE) @index age: Int @index }`,
			[]string{`enum temper: type "temper" already exists`, "column cats.mood: it depends on enum temper, which is left out"},
			"'GOOD' = ANY (enum_range(NULL::mood)::text[]) AND to_regclass('cats_age_idx') IS NOT NULL",
		},
		"a value": {
			`enum Mood { GOOD BAD } type Cat @table { mood: Mood @default(value: GOOD) age: Int }`, "REFUSE ALTER TYPE mood RENAME VALUE 'GOOD' TO 'FINE'",
			`enum Mood { FINE @renamed(from: "GOOD") BAD WORSE } type Cat @table { mood: Mood @default(value: FINE) age: Int @index }`,
			[]string{"value FINE of enum mood: not here", "column cats.mood: it depends on value FINE of enum mood, which is left out"},
			"enum_range(NULL::mood)::text = '{GOOD,BAD,WORSE}'",
		},
		"an index": {
			`type User @table { name: String @index }`, "CREATE SEQUENCE users_title_idx",
			`type User @table { title: String @index @renamed(from: "name") }`,
			[]string{`index users_title_idx of users: relation "users_title_idx" already exists`},
			"(SELECT count(title) = 0 FROM users) AND to_regclass('users_name_idx') IS NOT NULL",
		},
		"a dropped column whose sequence goes with it": {
			`type User @table { n: Int @col(dataType: "serial") age: Int }`, "", `type User @table { age: Int64 }`,
			[]string{`column users.n: its rollback fails: relation "public.users_n_seq" does not exist`}, "(SELECT count(n) = 0 FROM users)",
		},
		"a dropped column without a value for its rows": {
			`type User @table { at: String! @col(dataType: "point") age: Int }`, "INSERT INTO users (at) VALUES ('(1,2)')", `type User @table { age: Int64 }`,
			[]string{`column users.at: its rollback fails: column "at" of relation "users" contains null values`}, "(SELECT count(at) = 1 FROM users)",
		},
		"a dropped column with a comment": {
			`type User @table { n: Int age: Int }`, "COMMENT ON COLUMN users.n IS 'kept'", `type User @table { age: Int64 }`,
			[]string{`column users.n: its rollback does not restore table users (- column n integer comment kept; + column n integer)`}, "(SELECT count(n) = 0 FROM users)",
		},
		"a dropped table with a trigger": {
			`type User @table { n: Int } type Post @table { author: User }`, `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
				CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()`, `type Post @table { title: String }`,
			[]string{`table users: its rollback does not restore trigger`}, "(SELECT count(n) = 0 FROM users)",
		},
		"a dropped table with a policy and a refused rename": {
			`type User @table { n: Int } type Post @table { title: String }`, "CREATE POLICY p ON users USING (true); CREATE VIEW notes AS SELECT 1", `type Note @table @renamed(from: "Post") { title: String }`,
			[]string{`table notes: relation "notes" already exists`, "table users: its rollback does not restore policy"}, "(SELECT count(n) = 0 FROM users) AND (SELECT count(title) = 0 FROM posts)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			make := func() *pgxpool.Pool {
				return testkit.NewDatabase(t, testkit.Template(t, name, func(_ context.Context, db *pgxpool.Pool) error {
					move(t, db, target(t, c.before+other), ddl.PlanOptions{})
					if sql, isRefused := strings.CutPrefix(c.byHand, "REFUSE "); isRefused {
						refuse(t, db, sql)
					} else if c.byHand != "" {
						testkit.Exec(t, db, c.byHand)
					}
					return nil
				}))
			}
			r := &refusals{o: ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}}}
			to := partial(t, c.after+strings.Replace(other, "n: Int", "n: Int more: Int", 1))
			plan, err := to.Plan(t.Context(), make(), r.another(make))
			if err != nil {
				t.Fatal(err)
			}
			db := make()
			before := read(t, db)
			apply(t, db, plan)
			rollBack(t, db, plan)
			if left := catalog.Compare(before, read(t, db)); len(left) > 0 {
				t.Errorf("rolled back, it differs: %v\n%s", left, files(plan))
			}
			apply(t, db, plan)
			if testkit.Value(t, db, "SELECT ("+c.there+") AND (SELECT count(more) = 0 FROM others)") != "true" {
				t.Errorf("it writes\n%s", files(plan))
			}
			for i, l := range c.left { // the rest of a reason can depend on the version of Postgres
				if i < len(plan.LeftOut) && strings.HasPrefix(plan.LeftOut[i].Object+": "+plan.LeftOut[i].Reason, l) {
					plan.LeftOut[i].Reason = strings.TrimPrefix(l, plan.LeftOut[i].Object+": ")
				}
			}
			if diff := cmp.Diff(strings.Join(c.left, "\n"), leftOut(plan)); diff != "" {
				t.Errorf("%s\n%s", diff, files(plan))
			}
			again, err := to.Plan(t.Context(), db, r.another(func() *pgxpool.Pool {
				db := make()
				apply(t, db, plan)
				return db
			}))
			if err != nil || len(again.Files) > 0 {
				t.Errorf("then there is (%v)\n%s\nand left out is\n%s", err, files(again), leftOut(again))
			}
		})
	}
}

// rollBack runs the rollback of a plan.
func rollBack(t testing.TB, db *pgxpool.Pool, plan ddl.Plan) {
	t.Helper()
	for i := len(plan.Files) - 1; i >= 0; i-- {
		for _, sql := range plan.Files[i].Down {
			testkit.Exec(t, db, sql)
		}
	}
}

// What Postgres refuses to create in the database of the target leaves out no more than in the database of the plan.
func TestLeftOutOfTarget(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, byHand, after, left string }{
		"the new name of an enum": {
			`enum Mood { GOOD BAD } type Cat @table { mood: Mood }`, "CREATE VIEW temper AS SELECT 1", `enum Temper @renamed(from: "Mood") { FINE @renamed(from: "GOOD") BAD } type Cat @table { mood: Temper }`,
			"enum temper: type \"temper\" already exists\ncolumn cats.mood: it depends on enum temper, which is left out",
		},
		"the new name of a type": {
			`type User @table { n: Int } type Post @table { author: User }`, "CREATE VIEW people AS SELECT 1", `type Person @table @renamed(from: "User") { n: Int64 } type Post @table { author: Person by: Person }`,
			`table people: relation "people" already exists` + "\n" + `constraint posts_by_id_fkey of posts: it depends on table people, which is left out` + "\n" + `column posts.by_id: it depends on table people, which is left out`,
		},
		"the function for IDs": {
			`type Cat @table(key: ["n"]) { n: Int! }`, "CREATE FUNCTION uuid_generate_v7() RETURNS text LANGUAGE sql AS 'SELECT 1::text'", `type Cat @table(key: ["n"]) { n: Int! } type Dog @table { n: Int }`,
			"column dogs.id: column \"id\" is of type uuid but default expression is of type text\nconstraint dogs_pkey of dogs: it depends on column dogs.id, which is left out\n" +
				"table dogs: it depends on constraint dogs_pkey of dogs, which is left out",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const other = " type Other @table(key: [\"n\"]) { n: Int! }"
			db, scratch := testkit.NewDatabase(t), testkit.NewDatabase(t)
			for _, to := range []*pgxpool.Pool{db, scratch} { // which the commands copy
				move(t, to, target(t, c.before+other), ddl.PlanOptions{})
				testkit.Exec(t, to, c.byHand)
			}
			to, err := ddl.NewPartialTarget(t.Context(), scratch, parsed(t, c.after+strings.Replace(other, "n: Int!", "n: Int! more: Int", 1)))
			if err != nil {
				t.Fatal(err)
			}
			plan, err := to.Plan(t.Context(), db, ddl.PlanOptions{})
			if err != nil || !strings.Contains(files(plan), "ALTER TABLE others ADD COLUMN more") {
				t.Fatalf("%v\n%s", err, files(plan))
			}
			if diff := cmp.Diff(c.left, leftOut(plan)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
