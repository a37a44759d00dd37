package manifest_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/graph/manifest"
)

// Operations that a change breaks are found wherever Collect finds operations, with fragments of other files, and each place once.
func TestBroken(t *testing.T) {
	next := gqlparser.MustLoadSchema(&ast.Source{Name: "api.graphql", Input: strings.ReplaceAll(apiText, "name: String! lead", "title: String! lead")})
	files := []manifest.Source{
		{Name: "id.graphql", Text: "fragment Named on Team { name }"},
		{Name: "page.tsx", Text: "const q = gql`query A { team { id ...Named } }`\nconst r = gql`query B { team { lead { ...Named } } }`"},
		{Name: "anonymous.graphql", Text: "{ team { id name } }"},
		{Name: "wrong.ts", Text: "gql`query C { team { nme name } }`; const s = 'team { name }'"},
		{Name: "syntax.graphql", Text: "query D { team { name }"},
		{Name: "kept.js", Text: "graphql(`query E { team { id } }`)"},
	}
	var got []string
	for _, m := range manifest.Broken(api, next, files) {
		got = append(got, m.Position.String()+" "+m.Message)
	}
	want := []string{`anonymous.graphql:1:13 Cannot query field "name" on type "Team".`, `id.graphql:1:26 Cannot query field "name" on type "Team".`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
	if m := manifest.Broken(api, api, files); len(m) > 0 {
		t.Error(m)
	}
}
