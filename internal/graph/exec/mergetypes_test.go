package exec

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// typedSchema has types whose fields have the same names and other types.
const typedSchema = `
	interface Node { id: ID! node: Node }
	type X implements Node { id: ID! node: Node s: String n: [Int!] rows: [X!]! }
	type Y implements Node { id: ID! node: Node s: String! n: [Int!] rows: [Y!] x: X }
	type Query { node: Node x: X y: Y }`

// documentMaker makes selections whose fields exist.
type documentMaker struct {
	*rand.Rand
	schema *ast.Schema
}

func (m documentMaker) selections(def *ast.Definition, depth int) string {
	var b strings.Builder
	for range 1 + m.IntN(3) {
		f := def.Fields[m.IntN(len(def.Fields))]
		target := m.schema.Types[f.Type.Name()]
		isFragment := m.IntN(2) == 0 && def.Name != "Query"
		alias := []string{"", "", "a: ", "b: "}[m.IntN(4)]
		switch {
		case depth == 0 || strings.HasPrefix(f.Name, "__"):
			b.WriteString(alias + "__typename ")
		case isFragment:
			names := map[string][]string{"Node": {"X", "Y", "Node"}, "X": {"X", "Node"}, "Y": {"Y", "Node"}}[def.Name]
			on := m.schema.Types[names[m.IntN(len(names))]]
			fmt.Fprintf(&b, "... on %s {%s} ", on.Name, m.selections(on, depth-1))
		case target.IsCompositeType():
			fmt.Fprintf(&b, "%s%s {%s} ", alias, f.Name, m.selections(target, depth-1))
		default:
			b.WriteString(alias + f.Name + " ")
		}
	}
	return b.String()
}

// mergeRule refuses the documents that the rule of gqlparser refuses, also where fields of a response key have different parents.
func TestMergeRuleAgreesOnTypes(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: typedSchema})
	m := documentMaker{rand.New(rand.NewPCG(5, 6)), schema} //nolint:gosec // not for secrets
	compareMergeRules(t, schema, func() string { return "{" + m.selections(schema.Query, 5) + "}" })
}
