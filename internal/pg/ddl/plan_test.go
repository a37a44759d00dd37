package ddl_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/tools/txtar"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func target(t testing.TB, text string) *ddl.Target {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if mistakes.Errors() > 0 {
		t.Fatalf("%v\n%s", mistakes, text)
	}
	target, err := ddl.NewTarget(t.Context(), testkit.NewDatabase(t), s)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return target
}

// apply runs the files of a plan.
func apply(t testing.TB, db *pgxpool.Pool, plan ddl.Plan) {
	t.Helper()
	for _, f := range plan.Files {
		for _, sql := range f.Up {
			testkit.Exec(t, db, sql)
		}
	}
}

// move turns db into the target, and demands that nothing is left to do then.
func move(t testing.TB, db *pgxpool.Pool, to *ddl.Target, o ddl.PlanOptions) ddl.Plan {
	t.Helper()
	plan, err := to.Plan(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, db, plan)
	again, err := to.Plan(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Files) > 0 {
		t.Fatalf("after\n%s\nthere is still\n%s", show(plan), show(again))
	}
	return plan
}

func show(plan ddl.Plan) string {
	var b strings.Builder
	for _, f := range plan.Files {
		fmt.Fprintf(&b, "-- file %q", f.Suffix)
		if f.NoTransaction {
			b.WriteString(", no transaction")
		}
		if f.Note != "" {
			b.WriteString(": " + f.Note)
		}
		fmt.Fprintf(&b, "\n%s;\n-- down\n%s;\n", strings.Join(f.Up, ";\n"), strings.Join(f.Down, ";\n"))
	}
	for _, d := range plan.Drops {
		b.WriteString("-- drops: " + d.What + ": " + d.Hint + "\n")
	}
	for _, left := range plan.Left {
		b.WriteString("-- left: " + left + "\n")
	}
	return b.String()
}

// TestPlans shows for each change of a schema the migrations that it takes. Each file of testdata has the schema before,
// the schema after, and what is written.
func TestPlans(t *testing.T) {
	t.Parallel()
	const file = "testdata/plans.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range archive.Files {
		texts[f.Name] = string(f.Data)
	}
	for i := range archive.Files {
		f := &archive.Files[i]
		name, ok := strings.CutSuffix(f.Name, "/plan.sql")
		if !ok {
			continue
		}
		db := testkit.NewDatabase(t)
		move(t, db, target(t, texts[name+"/before"]), ddl.PlanOptions{})
		if rows := texts[name+"/rows"]; rows != "" {
			testkit.Exec(t, db, rows)
		}
		o := ddl.PlanOptions{Options: ddl.Options{AllowDrop: strings.HasSuffix(name, ", allowed")}}
		f.Data = []byte(show(move(t, db, target(t, texts[name+"/after"]), o)))
	}
	testkit.Golden(t, file, txtar.Format(archive))
}

// A table that the schema declares is the project's, even when its name is that of another tool's record.
func TestDeclaredTableIsNotIgnored(t *testing.T) {
	t.Parallel()
	const types = `type SchemaVersion @table(name: "schema_version") { name: String! }`
	db := testkit.NewDatabase(t)
	o := ddl.PlanOptions{Exclude: []string{"schema_version"}}
	move(t, db, target(t, types), o)
	plan, err := target(t, types).Plan(t.Context(), db, o)
	if err != nil || len(plan.Files) > 0 {
		t.Errorf("%+v, %v", plan.Files, err)
	}
}

// What people wrote by hand stays.
func TestHandWritten(t *testing.T) {
	t.Parallel()
	const before = `type Book @table { title: String! price: Int }`
	db := testkit.NewDatabase(t)
	move(t, db, target(t, before), ddl.PlanOptions{})
	testkit.Exec(t, db, `
		CREATE TABLE legacy (id int PRIMARY KEY);
		CREATE VIEW titles AS SELECT title FROM books;
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER t BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION f();
		CREATE POLICY p ON books USING (true);
		CREATE INDEX lower_title ON books (lower(title));
		CREATE INDEX by_hand ON books (price);
		ALTER TABLE books ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('simple', title)) STORED, ADD CONSTRAINT positive CHECK (price > 0);`)
	plan := move(t, db, target(t, `type Book @table { title: String! price: Int pages: Int }`), ddl.PlanOptions{})
	want := []string{"constraint positive of books", "column books.search", "index by_hand of books", "table legacy"}
	if strings.Join(plan.Left, "\n") != strings.Join(want, "\n") || len(plan.Files) != 1 {
		t.Errorf("left %q, want %q\n%s", plan.Left, want, show(plan))
	}
	// What hangs on a column that is to go is in the way, and is not lost.
	_, err := target(t, `type Book @table { price: Int }`).Plan(t.Context(), db, ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})
	if err == nil || !strings.Contains(err.Error(), "titles") {
		t.Errorf("a view hangs on it: %v", err)
	}
}

// An index on a partitioned table is built partition by partition, beside writes.
func TestIndexOfPartitionedTable(t *testing.T) {
	t.Parallel()
	const before, after = `type Log @table(key: ["id", "day"]) { id: Int! day: Date! note: String }`, `type Log @table(key: ["id", "day"]) { id: Int! day: Date! note: String @index }`
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, `
		CREATE TABLE logs (id int, day date, note text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
		CREATE TABLE logs_old PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (id);
		CREATE TABLE logs_old_1 PARTITION OF logs_old FOR VALUES IN (1);
		CREATE TABLE logs_new PARTITION OF logs FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
		CREATE INDEX logs_new_note_idx ON logs_new (id)`)
	move(t, db, target(t, before), ddl.PlanOptions{})
	plan := move(t, db, target(t, after), ddl.PlanOptions{})
	if len(plan.Files) != 1 || !plan.Files[0].NoTransaction || !strings.Contains(show(plan), "CREATE INDEX CONCURRENTLY logs_new_note_idx2 ON logs_new (note)") {
		t.Error(show(plan))
	}
	move(t, db, target(t, strings.Replace(after, "@index", "@index(type: HASH)", 1)), ddl.PlanOptions{})
	move(t, db, target(t, before), ddl.PlanOptions{}) // and away
	// References, enums and columns of partitions follow their table.
	const related = `enum Level { LOW %s } type Author @table { name: String! } type Log @table(key: ["id", "day"]) { id: Int! day: Date! %s author: Author @index level: Level @index }`
	move(t, db, target(t, fmt.Sprintf(related, "", "note: String")), ddl.PlanOptions{})
	move(t, db, target(t, fmt.Sprintf(related, "HIGH", "note: String")), ddl.PlanOptions{})
	move(t, db, target(t, before), ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}})
}

// A table whose name needs quotes goes after those that refer to it, and so do references to it.
func TestQuotedNames(t *testing.T) {
	t.Parallel()
	const before = `type Account @table(name: "Account") { name: String! } type Post @table(name: "Post") { author: Account! @col(name: "authorId") }`
	db := testkit.NewDatabase(t)
	move(t, db, target(t, before), ddl.PlanOptions{})
	allowed := ddl.PlanOptions{Options: ddl.Options{AllowDrop: true}}
	move(t, db, target(t, `type Account @table(name: "Account") { name: String! } type Post @table(name: "Post") { title: String! }`), allowed)
	move(t, db, target(t, before), allowed)
	move(t, db, target(t, `type Other @table { name: String! }`), allowed)
}

func TestAskRename(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	move(t, db, target(t, `type Book @table { titel: String! a: Int b: Int }`), ddl.PlanOptions{})
	testkit.Exec(t, db, "INSERT INTO books (titel) VALUES ('kept')")
	var asked []string
	plan := move(t, db, target(t, `type Book @table { title: String! c: Int d: Int }`), ddl.PlanOptions{AskRename: func(r ddl.Rename) (bool, error) {
		asked = append(asked, r.From+" "+r.To)
		return r.From+r.To == "titeltitle" || r.From+r.To == "bd", nil
	}})
	var title string
	if err := db.QueryRow(t.Context(), "SELECT title FROM books").Scan(&title); err != nil || title != "kept" {
		t.Errorf("%q, %v\n%s", title, err, show(plan))
	}
	if strings.Join(plan.Left, ", ") != "column books.a" {
		t.Errorf("asked %q, left %q\n%s", asked, plan.Left, show(plan))
	}
}

func TestAskRenamedValue(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	move(t, db, target(t, `enum Rating { G R @value(name: "restricted") X } type Film @table { rating: Rating! }`), ddl.PlanOptions{})
	testkit.Exec(t, db, "INSERT INTO films (rating) VALUES ('restricted')")
	var asked []ddl.Rename
	plan := move(t, db, target(t, `enum Rating { G R @value(name: "adults") Y } type Film @table { rating: Rating! }`), ddl.PlanOptions{
		Options: ddl.Options{AllowDrop: true}, AskRename: func(r ddl.Rename) (bool, error) {
			asked = append(asked, r)
			return r.From == "restricted", nil
		}})
	if got := testkit.Value(t, db, "SELECT rating FROM films"); got != "adults" {
		t.Errorf("%s\n%s", got, show(plan))
	}
	if want := (ddl.Rename{Kind: "value", Of: "rating", From: "X", To: "Y"}); !slices.Contains(asked, want) || len(asked) != 2 {
		t.Errorf("asked %v", asked)
	}
}

// The reference project's migrations build what its schema says: see TestSchemaMatchesMigrations in migrations/.
func TestPlatformIsStable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	db := testkit.NewDatabase(t)
	to := target(t, string(text))
	move(t, db, to, ddl.PlanOptions{})
	if c, err := catalog.Read(t.Context(), db, catalog.Options{}); err != nil || len(c.Tables) < 9 {
		t.Errorf("%v, %v", c, err)
	}
}

// An enum on which a domain or a function depends is kept where a plan looks at a copy of its database.
func TestEnumThatOthersUse(t *testing.T) {
	t.Parallel()
	const before = `enum Rating @enum(name: "MPAA") { G PG_13 @value(name: "PG-13") } type Film @table { rating: Rating! tame: Rating @col(dataType: "tame") ok: Boolean! @default(sql: "is_tame('G')") }`
	byHand := `CREATE TYPE "MPAA" AS ENUM ('G', 'PG-13'); CREATE DOMAIN tame AS "MPAA" CHECK (VALUE = 'G');
		CREATE FUNCTION is_tame("MPAA") RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = 'G' $$;`
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, byHand)
	copied := func(text string) *ddl.Target {
		s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
		if mistakes.Errors() > 0 {
			t.Fatal(mistakes)
		}
		scratch := testkit.NewDatabase(t)
		testkit.Exec(t, scratch, byHand)
		target, err := ddl.NewTarget(t.Context(), scratch, s)
		if err != nil {
			t.Fatal(err)
		}
		return target
	}
	move(t, db, copied(before), ddl.PlanOptions{})
	renamed := copied(strings.NewReplacer("MPAA", "Rating", "PG-13", "PG 13", "{ G", `{ ALL @value(name: "G")`).Replace(before))
	const want = `ALTER TYPE "MPAA" RENAME TO "Rating";
ALTER TYPE "Rating" RENAME VALUE 'PG-13' TO 'PG 13';
`
	if got := show(move(t, db, renamed, ddl.PlanOptions{})); !strings.Contains(got, want) {
		t.Error(got)
	}
	more := copied(strings.Replace(before, "{ G PG_13", "{ ALL G X_1 @value(name: \"x 1\") PG_13", 1)).Catalog()
	if got, want := more.Enums[0].Values, []string{"ALL", "G", "x 1", "PG-13"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A plan leaves the catalogs alone that it compares.
func TestDiffKeepsItsCatalogs(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a, b_id int); ALTER TABLE a ADD b_id int REFERENCES b")
	cur, err := catalog.Read(t.Context(), db, catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, err := catalog.Read(t.Context(), db, catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`type C @table { id: Int! }`, `type B @table(name: "b") { id: Int! aId: Int bId: Int }`} {
		ddl.Diff(cur, target(t, text).Catalog(), ddl.Options{AllowDrop: true})
		if diff := cmp.Diff(again, cur); diff != "" {
			t.Error(diff)
		}
	}
}
