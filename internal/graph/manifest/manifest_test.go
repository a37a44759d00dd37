package manifest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/graph/manifest"
)

const apiText = `type Query {team: Team} type Mutation {rename(name: String!): Team} type Team {id: ID! name: String! lead: Team}`

var api = gqlparser.MustLoadSchema(&ast.Source{Name: "api.graphql", Input: apiText})

const page = "import { gql } from 'x'\nconst F = gql`fragment Lead on Team { lead { name ...Id } }`\n" +
	"export const Q = gql`\n  query Team { team { name ...Lead } }\n  ${F}\n`\n" +
	"const m = graphql(`mutation Rename($n: String!) { rename(name: $n) { ...Id } }`)\nconst s = `not GraphQL ${m}`\nconst t = /* GraphQL */ `query Other { team { id } }`\n"

// Operations come with their fragments, from whatever file, and a manifest that is written is read again.
func TestCollect(t *testing.T) {
	list, mistakes := manifest.Collect(api, []manifest.Source{{Name: "page.tsx", Text: page}, {Name: "id.graphql", Text: "fragment Id on Team { id }"}})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	documents := map[string]string{}
	for i, want := range []struct{ name, kind, fragments string }{{"Other", "query", ""}, {"Rename", "mutation", "Id"}, {"Team", "query", "Id Lead"}} {
		op := list[i]
		sum := sha256.Sum256([]byte(op.Body))
		doc, err := gqlparser.LoadQueryWithRules(api, op.Body, nil)
		if err != nil || op.ID != hex.EncodeToString(sum[:]) || op.Name != want.name || op.Type != want.kind {
			t.Fatalf("%v: %+v", err, op)
		}
		var fragments []string
		for _, f := range doc.Fragments {
			fragments = append(fragments, f.Name)
		}
		if got := strings.Join(fragments, " "); got != want.fragments {
			t.Errorf("%s has the fragments %q", op.Name, got)
		}
		documents[op.ID] = op.Body
	}
	text, err := manifest.New(list).JSON()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := manifest.Read(text); err != nil || !maps.Equal(got, documents) {
		t.Errorf("%v: %v", err, got)
	}
}

// Mistakes have the position that they have in the file, also in TypeScript.
func TestCollectReportsMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"const a = 1\nconst q = gql`query A { team { nme } }`":         `a.tsx:2:32: error: Cannot query field "nme"`,
		"const q = gql`{ team { id } }`":                               "a.tsx:1:15: error: the operation has no name",
		"gql`query A { team { id } }`; gql`query A { team { name } }`": "the operation A exists already, at a.tsx:1",
		"const q = gql`query A { team { ...Nowhere } }`":               `Unknown fragment "Nowhere"`,
		"const q =\n  gql`query A { team {`":                           "a.tsx:2",
	} {
		if _, mistakes := manifest.Collect(api, []manifest.Source{{Name: "a.tsx", Text: text}}); len(mistakes) == 0 || !strings.Contains(mistakes[0].String(), want) {
			t.Errorf("%s: %v", text, mistakes)
		}
	}
}

// Manifests of Relay and GraphQL Code Generator are objects of documents by ID.
func TestRead(t *testing.T) {
	if got, err := manifest.Read([]byte(`{"a1": "query A {team {id}}"}`)); err != nil || got["a1"] != "query A {team {id}}" {
		t.Errorf("%v: %v", err, got)
	}
	for _, text := range []string{
		``, `[]`, `{"a": 1}`, `{"a": ""}`, `{"": "query A {team {id}}"}`, `{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}`,
		`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a", "body": "query A {x}"}, {"id": "a", "body": "query B {x}"}]}`,
	} {
		if got, err := manifest.Read([]byte(text)); err == nil {
			t.Errorf("%s is read as %v", text, got)
		}
	}
}
