package ddl_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/pg/catalog"
	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// partial returns the target of what Postgres accepts of a schema.
func partial(t testing.TB, text string) *ddl.Target {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if mistakes.Errors() > 0 {
		t.Fatalf("%v\n%s", mistakes, text)
	}
	to, err := ddl.NewPartialTarget(t.Context(), testkit.NewDatabase(t), s)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return to
}

// What Postgres refuses is left out with its reason, and the rest is what it would be without it.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	const before = `enum Mood { GOOD BAD } type Author @table { name: String! } type Book @table { title: String! pages: Int year: Int mood: Mood }`
	// ¶ is where the type of the impossible change ends, § where its fields are.
	const after = `enum Mood { GOOD BAD } type Author @table { name: String! born: Date @index } type Book @table ¶ { title: String! § year: Int @range(min: 0) isbn: String @unique }`
	for name, c := range map[string]struct {
		types, directives, fields string // the impossible change
		without                   string // the fields of the same schema without it
		byHand                    string // what the migrations have besides
		drop                      bool
		left                      []string // "object: part of the reason"
	}{
		"a type without a cast": {fields: "pages: [Boolean!] mood: Mood", left: []string{"column books.pages: cannot cast type integer to boolean[]",
			"constraint books_pages_elements_check of books: it depends on column books.pages, which is left out"}},
		"a type without a cast beside one that has a cast": {fields: "pages: Boolean @unique mood: Boolean", without: "pages: Boolean @unique mood: Mood",
			left: []string{"column books.mood: cannot"}},
		"a column that a view uses": {fields: "pages: Int64 mood: Mood", byHand: "CREATE VIEW thick AS SELECT pages FROM books",
			left: []string{"column books.pages: cannot alter type of a column used by a view"}},
		"a dropped column that a view uses": {fields: "mood: Mood", byHand: "CREATE VIEW thick AS SELECT pages FROM books", drop: true,
			left: []string{"column books.pages: cannot drop column pages of table books because other objects depend on it"}},
		"a check that is no SQL": {fields: `pages: Int @check(sql: "pages ~ '('") mood: Mood`, left: []string{"of books: operator does not exist"}},
		"a wrong pattern":        {fields: `pages: Int mood: Mood`, directives: `@check(sql: "title ~ '('")`, byHand: "INSERT INTO books (title) VALUES ('a')", left: []string{"of books: invalid regular expression"}},
		"an unknown type":        {fields: `pages: Int mood: Mood extra: String @col(dataType: "postcode") @unique`, left: []string{`column books.extra: type "postcode" does not exist`, "constraint books_extra_key of books: it depends on column books.extra"}},
		"a missing extension":    {fields: `pages: Int mood: Mood place: Vector @col(dataType: "vector(3)")`, left: []string{`column books.place: `}},
		"an index without an operator class": {fields: `pages: Int mood: Mood point: String @col(dataType: "point") @index`,
			without: `pages: Int mood: Mood point: String @col(dataType: "point")`, left: []string{`index books_point_idx of books: data type point has no default operator class`}},
		"a changing expression": {fields: `pages: Int mood: Mood shown: String @generated(sql: "title || now()::text") @index`,
			left: []string{"column books.shown: generation expression is not immutable", "index books_shown_idx of books: it depends on column books.shown"}},
		"a default that is not there": {fields: `pages: Int @default(sql: "nowhere()") mood: Mood`, left: []string{"column books.pages: function nowhere() does not exist"}},
		"a new table": {types: `type Shelf @table(key: ["at"]) { at: String! @col(dataType: "point") books: [Book!] }`, fields: "pages: Int mood: Mood shelf: Shelf",
			without: "pages: Int mood: Mood", left: []string{"table shelves: it depends on", "constraint shelves_pkey of shelves: data type point has no default operator class",
				"constraint books_shelf_at_fkey of books: it depends on table shelves", "column books.shelf_at: it depends on table shelves"}},
		"a new table whose name is taken": {types: "type Shelf @table { name: String! }", fields: "pages: Int mood: Mood shelf: Shelf", without: "pages: Int mood: Mood",
			byHand: "CREATE VIEW shelves AS SELECT 1", left: []string{"table shelves: relation \"shelves\" already exists",
				"constraint books_shelf_id_fkey of books: it depends on table shelves", "column books.shelf_id: it depends on table shelves"}},
		"rows that violate a check":     {fields: "pages: Int @range(min: 1) mood: Mood", byHand: "INSERT INTO books (title, pages) VALUES ('a', 0)", left: []string{"constraint books_pages_range_check of books: check constraint"}},
		"rows that violate a unique":    {fields: "pages: Int @unique mood: Mood", byHand: "INSERT INTO books (title, pages) VALUES ('a', 0), ('b', 0)", left: []string{"constraint books_pages_key of books: could not create unique index"}},
		"rows without a required value": {fields: "pages: Int! mood: Mood", byHand: "INSERT INTO books (title) VALUES ('a')", left: []string{"column books.pages: check constraint"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.without == "" {
				c.without = "pages: Int mood: Mood"
			}
			whole := func(types, directives, fields string) string {
				return types + strings.NewReplacer("¶", directives, "§", fields).Replace(after)
			}
			o := ddl.PlanOptions{Options: ddl.Options{AllowDrop: c.drop}}
			make := func() (plan func(*ddl.Target) ddl.Plan) {
				db := testkit.NewDatabase(t)
				move(t, db, target(t, before), ddl.PlanOptions{})
				if c.byHand != "" {
					testkit.Exec(t, db, c.byHand)
				}
				return func(to *ddl.Target) ddl.Plan {
					read := func() *catalog.Catalog {
						cat, err := catalog.Read(t.Context(), db, catalog.Options{})
						if err != nil {
							t.Fatal(err)
						}
						return cat.ColumnsByName()
					}
					was := read()
					plan, err := to.Plan(t.Context(), db, o)
					if err != nil {
						t.Fatal(err)
					}
					if changed := catalog.Compare(was, read()); len(changed) > 0 {
						t.Errorf("the database is not what it was: %v", changed)
					}
					apply(t, db, plan)
					again, err := to.Plan(t.Context(), db, o)
					if err != nil || len(again.Files) > 0 || len(again.LeftOut) != len(plan.LeftOut) {
						t.Errorf("then there is (%v)\n%s", err, show(again))
					}
					return plan
				}
			}
			got := make()(partial(t, whole(c.types, c.directives, c.fields)))
			want := make()(partial(t, whole("", "", c.without)))
			if got, want := files(got), files(want); got != want {
				t.Errorf("it writes\n%s\nand without the impossible change\n%s", got, want)
			}
			var list []string
			for _, l := range got.LeftOut {
				list = append(list, l.Object+": "+l.Reason)
			}
			text := strings.Join(list, "\n")
			for _, l := range c.left {
				if !strings.Contains(text, l) {
					t.Errorf("it does not leave out %q, but\n%s", l, text)
				}
			}
			if len(list) != len(c.left) {
				t.Errorf("it leaves out\n%s", text)
			}
		})
	}
}

// TestLeftOutOfRandomChanges makes up schemas and changes, and adds an impossible one: the rest of the plan is what it would be without it.
func TestLeftOutOfRandomChanges(t *testing.T) {
	t.Parallel()
	rounds, seed := testkit.Random(2)
	for i := range rounds {
		t.Run(fmt.Sprint(seed+i), func(t *testing.T) {
			t.Parallel()
			w := &world{r: rand.New(rand.NewPCG(seed+i, 1))}
			w.addEnum()
			for range 3 {
				w.addType()
			}
			victim := w.types[0]
			victim.fields = append(victim.fields, &madeField{name: "victim", kind: "Boolean"}, &madeField{name: "beside", kind: "Int"})
			before := w.valid()
			w.change()
			w.types = slices.DeleteFunc(w.types, func(made *madeType) bool { return made == victim })
			w.types = append(w.types, victim)
			victim.fields = append(slices.DeleteFunc(victim.fields, func(f *madeField) bool { return f.name == "victim" || f.was == "victim" }), &madeField{name: "victim", kind: "Boolean"})
			possible := w.valid()
			impossible := pick(w.r, []string{"victim: DateTime", "victim: [Int]", `victim: Boolean @default(sql: "nowhere()")`, `victim: Boolean bad: String @col(dataType: "postcode")`,
				`victim: Boolean bad: String @generated(sql: "now()::text")`, `victim: Boolean bad: String @col(dataType: "point") @unique`})
			wrong := strings.Replace(possible, "victim: Boolean", impossible, 1)
			if strings.Contains(impossible, "point") { // the column itself is possible
				possible = strings.Replace(possible, "victim: Boolean", strings.TrimSuffix(impossible, " @unique"), 1)
			}
			allow := ddl.PlanOptions{Options: ddl.Options{AllowDrop: w.r.IntN(2) == 0}}
			plan := func(to *ddl.Target) ddl.Plan {
				db := testkit.NewDatabase(t)
				move(t, db, target(t, before), ddl.PlanOptions{})
				plan, err := to.Plan(t.Context(), db, allow)
				if err != nil {
					t.Fatalf("%v\n%s\n%s", err, before, wrong)
				}
				return plan
			}
			got, want := plan(partial(t, wrong)), plan(target(t, possible))
			if files(got) != files(want) {
				t.Errorf("from\n%s\nto\n%s\nit writes\n%s\nand without %s\n%s", before, wrong, files(got), impossible, files(want))
			}
			if len(got.LeftOut) == 0 {
				t.Errorf("nothing is left out of\n%s", wrong)
			}
		})
	}
}

// valid returns the schema without directives that are a mistake after a change, and without lists that could be the other end of several
// references.
func (w *world) valid() string {
	isWrong := func() bool {
		_, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: w.sdl()})
		return mistakes.Errors() > 0
	}
	for _, made := range w.types {
		if isWrong() {
			made.extra = nil
		}
	}
	for _, made := range w.types {
		if isWrong() {
			made.fields = slices.DeleteFunc(made.fields, func(f *madeField) bool { return f.many != nil })
		}
	}
	return w.sdl()
}

// files shows the files of a plan.
func files(plan ddl.Plan) string {
	plan.Left, plan.LeftOut = nil, nil
	return show(plan)
}
