package sdl_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// Editors validate a schema against Directives with the rules of GraphQL itself.
func TestDirectivesAreValidGraphQL(t *testing.T) {
	valid := read(t, "testdata/valid/platform.graphql") + read(t, "testdata/valid/through.graphql")
	_, err := gqlparser.LoadSchema(
		&ast.Source{Name: "directives.graphql", Input: sdl.Directives()},
		&ast.Source{Name: "query.graphql", Input: "type Query { ok: Boolean }"},
		&ast.Source{Name: "schema.graphql", Input: valid},
	)
	if err != nil {
		t.Fatal(err)
	}
}

func TestDirectivesMayStandAmongTheSources(t *testing.T) {
	_, list := sdl.Parse(
		sdl.Source{Name: "schema/directives.graphql", Text: sdl.Directives()},
		sdl.Source{Name: "schema/types.graphql", Text: "type Note @table @auth(rules: []) { at: DateTime! }"},
	)
	if len(list) > 0 {
		t.Error(list.Error())
	}
}

func TestDirectivesDescribeThemselves(t *testing.T) {
	text := sdl.Directives()
	for _, want := range []string{
		"directive @index(\n", "  type: KrowocIndexType\n", "enum KrowocIndexType { BTREE HASH GIN GIST BRIN HNSW IVFFLAT TRIGRAM }",
		") repeatable on OBJECT | FIELD_DEFINITION\n", "rules: [KrowocRule!]", "directive @renamed(\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
