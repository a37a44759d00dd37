package exec

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// mergeRule refuses the documents that the rule of gqlparser refuses.
func TestMergeRuleAgrees(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `type Query {a(x: Int, in: In): Query b(x: Int, in: In): Query s: String t: String} input In {p: Int q: [Int]}`})
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // not for secrets
	var selections func(depth, fragments int) string
	selections = func(depth, fragments int) string {
		var b strings.Builder
		for range 1 + random.IntN(2) {
			alias := []string{"", "", "a: ", "b: ", "c: ", "d: ", "e: "}[random.IntN(7)]
			args := []string{"", "(x: 1)", "(x: 2)", "(in: {p: 1, q: [1, 2]})", "(in: {q: [1, 2], p: 1})", "(x: 1, in: {p: 1})", "(in: {p: 1}, x: 1)"}[random.IntN(7)]
			switch kind := random.IntN(6); {
			case kind < 2 || depth == 0:
				b.WriteString(alias + []string{"s", "t"}[random.IntN(2)] + " ")
			case kind == 2 && fragments > 0:
				fmt.Fprintf(&b, "...F%d ", random.IntN(fragments))
			case kind == 3:
				fmt.Fprintf(&b, "... on Query {%s} ", selections(depth-1, fragments))
			default:
				fmt.Fprintf(&b, "%s%s%s {%s} ", alias, []string{"a", "b"}[random.IntN(2)], args, selections(depth-1, fragments))
			}
		}
		return b.String()
	}
	compareMergeRules(t, schema, func() string {
		text := "{" + selections(2, 3) + "t ...F0 ...F1 ...F2}"
		for i := range 3 { // a fragment spreads those before it
			text += fmt.Sprintf(" fragment F%d on Query {%s}", i, selections(1, i))
		}
		return text
	})
}

// compareMergeRules has both rules judge documents, of which enough are refused and enough are not.
func compareMergeRules(t *testing.T, schema *ast.Schema, document func() string) {
	t.Helper()
	whole, linear := rules.NewRules(rules.OverlappingFieldsCanBeMergedRule), rules.NewRules(mergeRule)
	refused := 0
	for range 5000 {
		text := document()
		doc, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			t.Fatal(err)
		}
		want, got := validator.ValidateWithRules(schema, doc, whole), validator.ValidateWithRules(schema, doc, linear)
		if (len(want) == 0) != (len(got) == 0) {
			t.Fatalf("%s\ngqlparser: %v\nmergeRule: %v", text, want, got)
		}
		if len(want) > 0 {
			refused++
		}
	}
	if refused < 500 || refused > 4500 {
		t.Errorf("%d of 5000 documents are refused; the test compares too little", refused)
	}
}
