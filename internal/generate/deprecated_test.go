package generate_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/golang"
	"github.com/krowoc/krowoc/internal/generate/jsonschema"
	"github.com/krowoc/krowoc/internal/generate/markdown"
	"github.com/krowoc/krowoc/internal/generate/pydantic"
	"github.com/krowoc/krowoc/internal/generate/tsclient"
	"github.com/krowoc/krowoc/internal/generate/typescript"
	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

const deprecatedSchema = `
enum Size { SMALL LARGE @deprecated(reason: "Use SMALL.") }
type User @table @auth(rules: [{ allow: PUBLIC }]) { name: String! }
type Parcel @table @auth(rules: [{ allow: PUBLIC }]) {
  size: Size!
  "How heavy it is."
  weight: Int @deprecated(reason: "Use \"grams\".")
  owner: User @deprecated
}`

// api is an API of which only the deprecated fields matter.
func api(*schema.Schema) (*ast.Schema, error) {
	return gqlparser.LoadSchema(&ast.Source{Name: "api.graphql", Input: `
		type Query { parcel: Parcel }
		type Parcel { weight: Int @deprecated(reason: "Use \"grams\".") owner: Parcel @deprecated }`})
}

// Every model tells its readers, and their tools, what is deprecated.
func TestDeprecatedInModels(t *testing.T) {
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: deprecatedSchema})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	wants := map[string][]string{
		"go":                {"// Deprecated: Use SMALL.\n", "// How heavy it is.\n\t//\n\t// Deprecated: Use \"grams\".\n", "// Key of owner.\n\t//\n\t// Deprecated: No longer supported\n"},
		"typescript":        {"/** @deprecated Use SMALL. */", "   * @deprecated Use \"grams\".\n"},
		"typescript-client": {"/** @deprecated Use \"grams\". */", "/** @deprecated No longer supported */\n    owner:"},
		"json-schema":       {`"deprecated": true`, `"deprecated": "Use \"grams\"."`, `"LARGE": "Use SMALL."`},
		"pydantic":          {`deprecated="Use \"grams\"."`, `"""Deprecated: Use SMALL."""`},
		"markdown":          {`**Deprecated:** Use "grams".`, "- `LARGE`: **Deprecated:** Use SMALL."},
	}
	for _, target := range []generate.Target{golang.Target(), typescript.Target(), jsonschema.Target(api), pydantic.Target(), markdown.Target(), tsclient.Target(api)} {
		files, err := target.Files(generate.Input{Project: "post", Schema: s, Out: target.Out})
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, f := range files {
			all.Write(f.Content)
		}
		for _, text := range wants[target.Name] {
			if !strings.Contains(all.String(), text) {
				t.Errorf("%s has no %q", target.Name, text)
			}
		}
	}
}
