package graph_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// everything has what each kind of derived type and field needs.
const everything = `
	enum Color { RED GREEN }
	type Person @table @auth(rules: [{ allow: PUBLIC }]) @searchable(fields: ["name"]) { name: String! age: Int born: Date data: JSON tags: [String!] color: Color email: String! @unique posts: [Post!]! labels: [Label!]! }
	type Label @table @auth(rules: [{ allow: PUBLIC }]) { name: String! people: [Person!]! }
	type Post @table @live @auth(rules: [{ allow: PUBLIC }]) { title: String! stars: Decimal! at: DateTime! took: Duration author: Person! rates: [Float!]! }
	type Total @view(name: "totals", key: ["id"]) @auth(rules: [{ allow: PUBLIC }]) { id: Int! sum: Int color: Color }
	type Plain { value: Int! }
	extend type Query { counted: [Plain!]! @sql(query: "SELECT 1 AS value") @auth(rules: [{ allow: PUBLIC }]) }
	extend type Mutation { done: Int @sql(query: "SELECT 1") @auth(rules: [{ allow: PUBLIC }]) }`

// tryCollision derives the API of everything with one more definition. A refusal has a place, and an API has the definition and what it had.
func tryCollision(t *testing.T, name, more string, before int) (refused bool) {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: everything + "\n" + more})
	if list.Errors() > 0 {
		return true
	}
	api, err := graph.New(s, graph.Options{})
	var found diag.List
	switch {
	case err != nil && (!errors.As(err, &found) || found[0].Line == 0 || found[0].Remedy == ""):
		t.Errorf("%s: %v", more, err)
	case err != nil:
		return true
	case len(api.Schema().Types) <= before || api.Schema().Types[name] == nil:
		t.Errorf("%s: the API has %d types, and had %d before", more, len(api.Schema().Types), before)
	}
	return false
}

// Each name that the API derives is refused as that of a type, of an enum and in the API, or both are there.
func TestDerivedNames(t *testing.T) {
	api, err := derive(t, everything, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	types := api.Schema().Types
	refused, both := 0, 0
	count := func(is bool) {
		if is {
			refused++
		} else {
			both++
		}
	}
	for name := range types {
		if strings.HasPrefix(name, "__") {
			continue
		}
		count(tryCollision(t, name, fmt.Sprintf(`type %s @table @auth(rules: [{ allow: PUBLIC }]) { a: Int }`, name), len(types)))
		count(tryCollision(t, name, fmt.Sprintf(`type Other @table @api(name: %q) @auth(rules: [{ allow: PUBLIC }]) { a: Int }`, name), len(types)))
		count(tryCollision(t, name, fmt.Sprintf(`enum %s { A B } type Other @table @auth(rules: [{ allow: PUBLIC }]) { a: %[1]s }`, name), len(types)))
		count(tryCollision(t, name, fmt.Sprintf(`type %s { a: Int } extend type Query { other: [%[1]s!]! @sql(query: "SELECT 1 AS a") @auth(rules: [{ allow: PUBLIC }]) }`, name), len(types)))
	}
	// Both names of a list filter are the same, and the one of the enum that is used first must not stand for both.
	const enums = `enum Foo { A } enum FooList { B } type Other @table @auth(rules: [{ allow: PUBLIC }]) { a: [Foo!] b: FooList }`
	if !tryCollision(t, "Foo", enums, len(types)) {
		t.Error("FooListFilter is that of two enums")
	}
	if refused < 300 {
		t.Errorf("%d definitions are refused, and %d are not", refused, both)
	}
}

// A field of the team cannot take the name of one that the API derives, nor a field of a type that of a condition.
func TestDerivedFields(t *testing.T) {
	api, err := derive(t, everything, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"Query", "Mutation"} {
		for _, f := range api.Schema().Types[root].Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			more := fmt.Sprintf(`extend type %s { %s: Int @sql(query: "SELECT 1") @auth(rules: [{ allow: PUBLIC }]) }`, root, f.Name)
			if !tryCollision(t, root, more, 0) {
				t.Errorf("%s is taken twice", f.Name)
			}
		}
	}
	for _, suffix := range []string{"Where", "Order", "Edge", "Create", "Patch", "Connection", "Aggregate", "AggregateOrder"} {
		def := api.Schema().Types["Person"+suffix]
		for _, f := range def.Fields {
			tryCollision(t, "Thing"+suffix, fmt.Sprintf(`type Thing @table @searchable(fields: ["text"]) @auth(rules: [{ allow: PUBLIC }]) { text: String! other: Int @api(name: %q) }`, f.Name), 0)
		}
	}
}
