package ddl_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/changes"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

// liveTables returns the tables whose changes are noted, with the columns.
func liveTables(t *testing.T, db *pgxpool.Pool) string {
	t.Helper()
	list, err := changes.Read(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, table := range list {
		texts = append(texts, table.Name+"("+strings.Join(table.Key, ",")+"; "+strings.Join(table.Columns, ",")+")")
	}
	return strings.Join(texts, " ")
}

// A plan writes the triggers of live types, follows changes of the schema, and can be rolled back at each step.
func TestLiveTypes(t *testing.T) {
	db := testkit.NewDatabase(t)
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	const user = "type User @table @auth(rules: [{allow: PUBLIC}]) { name: String!, email: String! @pii @unique }\n"
	var last string
	var plans []ddl.Plan
	before := []string{""}
	for _, c := range []struct{ schema, want string }{
		{user + "type Note @table @auth(rules: [{allow: PUBLIC}]) { text: String! }", ""},
		{user + "type Note @table @live @auth(rules: [{allow: PUBLIC}]) { text: String!, size: Int! @index @default(value: 1) }", "notes(id; size)"},
		{user + `type Note @table @live @auth(rules: [{allow: OWNER, field: "owner"}, {allow: PUBLIC, where: "this.open"}]) {
			text: String!, open: Boolean! @default(value: true), size: Int! @index @default(value: 1), owner: User }`, "notes(id; open,owner_id,size)"},
		{user + `type Memo @table @live @renamed(from: "Note") @auth(rules: [{allow: PUBLIC}]) { text: String!, size: Int! @index @default(value: 1) }`, "memos(id; size)"},
		{`type Tag @table @live @auth(rules: [{allow: PUBLIC}]) { word: String!, users: [User!]! }
			type User @table @live @auth(rules: [{allow: PUBLIC}]) { name: String!, email: String! @pii @unique, tags: [Tag!]! }
			type Memo @table @auth(rules: [{allow: PUBLIC}]) { text: String!, size: Int! @index @default(value: 1) }`,
			"tags(id; ) tags_users(tag_id,user_id; ) users(id; )"},
		{"type Tag @table @auth(rules: [{allow: PUBLIC}]) { word: String! }", ""},
	} {
		plans = append(plans, move(t, db, target(t, c.schema), ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}}))
		if last = liveTables(t, db); last != c.want {
			t.Fatalf("%s\n got %s\nwant %s", c.schema, last, c.want)
		}
		before = append(before, last)
	}
	for i, plan := range slices.Backward(plans) {
		for _, f := range slices.Backward(plan.Files) {
			for _, sql := range f.Down {
				testkit.Exec(t, db, sql)
			}
		}
		if got := liveTables(t, db); got != before[i] {
			t.Fatalf("rolling back\n%s\n got %s\nwant %s", show(plan), got, before[i])
		}
	}
}
