package tsclient_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/tsclient"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/testkit"
)

const api = `
"What it is for."
enum Result { ONE "The */ other." TWO }
input Where { kind: Result, text: String! = "a", in: [Int!] }
interface Node { id: ID! }
type Post implements Node { id: ID! kind: Result list(first: Int = 20, where: Where): [Post!]! }
type Query { post(id: ID!): Post node(id: ID!): Node count: Int! }
type Mutation { create(kind: Result!): Post! }
type Subscription { created: Post! }`

func client(t *testing.T) string {
	t.Helper()
	target := tsclient.Target(func(*schema.Schema) (*ast.Schema, error) { return gqlparser.LoadSchema(&ast.Source{Input: api}) })
	files, err := target.Files(generate.Input{Project: "shop"})
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	return string(files[0].Content[files[0].Prelude:])
}

func TestClient(t *testing.T) { testkit.Golden(t, "testdata/client.ts.golden", []byte(client(t))) }

// A type of the API whose name the client has itself gets another.
func TestTakenName(t *testing.T) {
	if text := client(t); !strings.Contains(text, "export type Result_ = ") {
		t.Error(text)
	}
}

func TestNoAPI(t *testing.T) {
	wrong := errors.New("no API")
	target := tsclient.Target(func(*schema.Schema) (*ast.Schema, error) { return nil, wrong })
	if _, err := target.Files(generate.Input{}); !errors.Is(err, wrong) {
		t.Error(err)
	}
}
