package ddl_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// What people wrote by hand is still there after a change of what it depends on.
func TestHandWrittenStaysOverChanges(t *testing.T) {
	t.Parallel()
	allowed := ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}}
	for name, c := range map[string]struct {
		before, byHand, after string
		o                     ddl.PlanOptions
		there                 string // a query that is true as long as it is there
	}{
		"a partial unique index over an enum": {
			`enum S { A B C } type Post @table { s: S! email: String }`, `CREATE UNIQUE INDEX posts_email_idx ON posts (email) WHERE s = 'A'`,
			`enum S { B A } type Post @table { s: S! email: String }`, allowed, "to_regclass('posts_email_idx') IS NOT NULL",
		},
		"a reference to a table of another Postgres schema": {
			`enum S { A B C } type Post @table { s: S! }`, `CREATE SCHEMA ref; CREATE TABLE ref.states (s s PRIMARY KEY); ALTER TABLE posts ADD FOREIGN KEY (s) REFERENCES ref.states`,
			`enum S { B A } type Post @table { s: S! }`, allowed, "EXISTS (SELECT FROM pg_constraint WHERE conname = 'posts_s_fkey')",
		},
		"a partial index over a text": {
			`type Post @table { a: Int status: String }`, `CREATE INDEX by_hand ON posts (a) WHERE status = 'x'`,
			`type Post @table { a: Int status: String @col(dataType: "varchar(20)") }`, ddl.PlanOptions{}, "to_regclass('by_hand') IS NOT NULL",
		},
		"an index over a generated column": {
			`type Post @table { a: Int! b: Int @generated(sql: "a * 2") }`, `CREATE INDEX by_hand ON posts (b)`,
			`type Post @table { a: Int! b: Int @generated(sql: "a * 3") }`, ddl.PlanOptions{}, "to_regclass('by_hand') IS NOT NULL",
		},
		"a check of a generated column": {
			`type Post @table { a: Int! b: Int @generated(sql: "a * 2") }`, `ALTER TABLE posts ADD CONSTRAINT hand_check CHECK (b > 0)`,
			`type Post @table { a: Int! b: Int @generated(sql: "a * 3") }`, ddl.PlanOptions{}, "EXISTS (SELECT FROM pg_constraint WHERE conname = 'hand_check')",
		},
		"an enum of another table": {
			`type Post @table { a: Int }`, `CREATE TYPE status AS ENUM ('on', 'off'); CREATE TABLE legacy (s status)`,
			`enum Status @enum(name: "order_status") { NEW DONE } type Post @table { a: Int s: Status }`, ddl.PlanOptions{}, "to_regtype('status') IS NOT NULL",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testkit.NewDatabase(t)
			move(t, db, target(t, c.before), ddl.PlanOptions{})
			testkit.Exec(t, db, c.byHand)
			plan := move(t, db, target(t, c.after), c.o)
			if testkit.Value(t, db, c.there) != "true" {
				t.Errorf("it is gone:\n%s", show(plan))
			}
		})
	}
}

// A column that can be null becomes the key, and can be null again after the rollback. A table may have the name of the alias.
func TestNewKeyOfNullableColumn(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	move(t, db, target(t, `type User @table { id: Int! code: String } type Goal @table(name: "target") { user: User! }`), ddl.PlanOptions{})
	plan := move(t, db, target(t, `type User @table(key: ["code"]) { code: String! } type Goal @table(name: "target") { user: User! }`), ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})
	if text := show(plan); !strings.Contains(text, "ALTER COLUMN code DROP NOT NULL") || !strings.Contains(text, "FROM users target_") {
		t.Error(text)
	}
}

// While two rows have the same value in what becomes their key, nothing is changed.
func TestNewKeyMustBeUnique(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	move(t, db, target(t, `type User @table { id: Int! code: String! } type Post @table { id: Int! author: User! }`), ddl.PlanOptions{})
	copied := testkit.NewDatabase(t)
	move(t, copied, target(t, `type User @table { id: Int! code: String! } type Post @table { id: Int! author: User! }`), ddl.PlanOptions{})
	change, err := target(t, `type User @table(key: ["code"]) { code: String! } type Post @table { id: Int! author: User! }`).Plan(t.Context(), copied, ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})
	if err != nil {
		t.Fatal(err)
	}
	testkit.Exec(t, db, "INSERT INTO users VALUES (1, 'a'), (2, 'a'); INSERT INTO posts (id, author_id) VALUES (1, 1), (2, 2)")
	_, err = db.Exec(t.Context(), strings.Join(change.Files[0].Up, ";\n"))
	if err == nil || !strings.Contains(err.Error(), "users (code) cannot be the key") {
		t.Errorf("%v\n%s", err, show(change))
	}
	if got := testkit.Value(t, db, "SELECT count(DISTINCT author_id) FROM posts"); got != "2" {
		t.Errorf("%s authors", got)
	}
}

// However many references there are to a new key, it is checked once: the table may be large.
func TestNewKeyIsCheckedOnce(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	const others = ` type Post @table { id: Int! author: User! editor: User! } type Note @table { id: Int! user: User! }`
	move(t, db, target(t, `type User @table { id: Int! code: String! }`+others), ddl.PlanOptions{})
	plan := move(t, db, target(t, `type User @table(key: ["code"]) { code: String! }`+others), ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})
	if text := show(plan); strings.Count(text, "cannot be the key") != 1 {
		t.Error(text)
	}
}

// An index that gets other columns under the same name is created when Postgres has dropped the former one with its column.
func TestIndexOfDroppedColumnGetsOthers(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	move(t, db, target(t, `type Post @table @index(fields: ["a", "b"], name: "x_idx") { a: Int b: Int c: Int }`), ddl.PlanOptions{})
	plan := move(t, db, target(t, `type Post @table @index(fields: ["a", "c"], name: "x_idx") { a: Int c: Int }`), ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})
	if text := show(plan); strings.Contains(text, "x_idx_next") {
		t.Error(text)
	}
}
