package ddl_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/pg/ddl"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A builder that builds one schema after the other has the same result as one that starts from nothing, also after a mistake. The schemas
// are generated.
func TestBuilderBuildsTheSameAgain(t *testing.T) {
	t.Parallel()
	rounds, seed := testkit.Random(2)
	for i := range rounds {
		t.Run(fmt.Sprint(seed+i), func(t *testing.T) {
			t.Parallel()
			w := &world{r: rand.New(rand.NewPCG(seed+i, 0))}
			for range 3 {
				w.addEnum()
			}
			for range 5 {
				w.addType()
			}
			b, before := ddl.NewBuilder(testkit.NewDatabase(t)), ""
			for step := range 8 {
				text := w.sdl()
				if _, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text}); mistakes.Errors() > 0 {
					w.change()
					continue // a change that the schema language does not allow
				}
				if step%3 == 2 {
					_, err := b.Build(t.Context(), parsed(t, text+"\ntype Wrong @table { id: Int! count: Int @default(sql: \"nowhere()\") }"))
					if err == nil || !strings.Contains(err.Error(), "nowhere()") {
						t.Fatalf("step %d: %v", step, err)
					}
				}
				got, err := b.Build(t.Context(), parsed(t, text))
				if err != nil {
					t.Fatalf("step %d: %v\n%s\nafter\n%s", step, err, text, before)
				}
				if diff := cmp.Diff(target(t, text).Catalog(), got.Catalog()); diff != "" {
					t.Fatalf("step %d: %s\n%s\nafter\n%s", step, diff, text, before)
				}
				before = text
				w.change()
				if step%2 == 0 {
					w.change()
				}
			}
		})
	}
}

func parsed(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if mistakes.Errors() > 0 {
		t.Fatalf("%v\n%s", mistakes, text)
	}
	return s
}

// Every kind of change of a schema, one after the other, in one database.
func TestBuilderChangesWhatDiffers(t *testing.T) {
	t.Parallel()
	b := ddl.NewBuilder(testkit.NewDatabase(t))
	const keyed = `type User @table(key: ["email"]) { email: String! } type Post @table { id: Int! author: User! }`
	for _, text := range []string{
		`type User @table { id: Int! } type Post @table { id: Int! author: User! }`,
		`type User @table { id: Int! name: String } type Post @table { id: Int! title: String! @unique author: User! }`,
		`type User @table { id: Int64! name: String } type Post @table { id: Int! title: String! @unique author: User! }`,
		`type User @table { id: Int64! name: String @length(max: 3) @index } type Post @table { id: Int! title: String! author: User! @ref(onDelete: CASCADE) }`,
		keyed,
		`enum Kind { A B } type User @table(key: ["email"]) { email: String! kind: Kind } type Post @table { id: Int! kinds: [Kind!] }`,
		`enum Kind { A B C } type User @table(key: ["email"]) { email: String! kind: Kind } type Post @table { id: Int! kinds: [Kind!] by: User }`,
		`type User @table(key: ["email"]) { email: String! kind: Int } type Post @table { id: Int! twice: Int @generated(expr: "this.id * 2") }`,
		`enum Kind { A } type User @table(key: ["email"]) { n: Int @col(dataType: "serial") email: String! kind: Kind } type Post @table { id: Int! n: Int twice: Int @generated(expr: "this.n * 2") }`,
		`type Post @table { id: Int! }`,
		keyed,
	} {
		got, err := b.Build(t.Context(), parsed(t, text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(target(t, text).Catalog(), got.Catalog()); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}

// Each part of a schema that has no SQL is found, not only the first one.
func TestMistakesAreFoundTogether(t *testing.T) {
	s := parsed(t, `type User @table { id: Int! a: String @pattern(regex: "\\bx") b: String @pattern(regex: "\\by") } type Post @table { id: Int! c: String @pattern(regex: "\\bz") }`)
	var found []string
	for _, m := range ddl.Mistakes(s) {
		found = append(found, strings.Fields(m.Message)[2])
	}
	if diff := cmp.Diff([]string{"User.a", "User.b", "Post.c"}, found); diff != "" {
		t.Error(diff)
	}
}

// An enum that the database has from elsewhere keeps the domain over it when a schema declares it.
func TestBuilderKeepsDomainsOfNewEnums(t *testing.T) {
	t.Parallel()
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, "CREATE TYPE color AS ENUM ('A', 'B'); CREATE DOMAIN shade AS color")
	b := ddl.NewBuilder(db)
	for _, text := range []string{
		`type Post @table { s: String @col(dataType: "shade") }`, `enum Color { A B } type Post @table { s: String @col(dataType: "shade") c: Color }`,
	} {
		s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
		if mistakes.Errors() > 0 {
			t.Fatal(mistakes)
		}
		built, err := b.Build(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if built.Catalog().Table("public", "posts").Column("s") == nil {
			t.Errorf("%s: the column s is gone", text)
		}
	}
}
