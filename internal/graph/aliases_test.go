package graph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/graph"
	"github.com/krowoc/krowoc/internal/testkit"
)

// aliasMaker writes random selections with aliases and fragments.
type aliasMaker struct {
	*rand.Rand
	n int // aliases so far, for names
}

// selection returns the fields of a Note, and how many aliases they have once fragments are in their places.
func (m *aliasMaker) selection(counts []int) (text string, aliases int) {
	var b strings.Builder
	b.WriteString("id ")
	for range 1 + m.IntN(4) {
		switch k := m.IntN(4); {
		case k == 0 && len(counts) > 0:
			i := m.IntN(len(counts))
			fmt.Fprintf(&b, "...F%d ", i)
			aliases += counts[i]
		case k == 1:
			inner, n := m.selection(nil)
			fmt.Fprintf(&b, "... on Note {%s} ", inner)
			aliases += n
		default:
			m.n++
			fmt.Fprintf(&b, "a%d: text ", m.n)
			aliases++
		}
	}
	return b.String(), aliases
}

// The aliases of an operation are those of its text with every fragment in its place, at every level, and the limit holds exactly there.
func TestAliases(t *testing.T) {
	const text = `type Note @table @auth(rules: [{ allow: PUBLIC }]) { text: String! }`
	wide, err := derive(t, text, graph.Options{MaxAliases: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	rounds, seed := testkit.Random(60)
	for i := range rounds {
		m := aliasMaker{Rand: rand.New(rand.NewPCG(seed, i))} //nolint:gosec // a test can be repeated
		var counts []int
		document, want := "", 0
		for f := range m.IntN(4) {
			body, n := m.selection(counts)
			document += fmt.Sprintf("fragment F%d on Note {%s}\n", f, body)
			counts = append(counts, n)
		}
		roots := ""
		for r := range 1 + m.IntN(3) {
			body, n := m.selection(counts)
			roots += fmt.Sprintf("r%d: notes {nodes {%s}} ", r, body)
			want += n + 1
		}
		for f := range counts {
			roots += fmt.Sprintf("notes {nodes {...F%d}} ", f)
			want += counts[f]
		}
		document = "{" + roots + "}\n" + document
		doc, op := operation(t, wide, document)
		plan, err := wide.Plan(doc, op, graph.Request{})
		if err != nil || plan.Aliases.Count != want {
			t.Fatalf("%v; %d aliases, want %d in\n%s", err, plan.Aliases.Count, want, document)
		}
		if err := plan.Aliases.Check(want); err != nil {
			t.Error(err)
		}
		checkRefusedAliases(t, text, doc, op, want)
	}
}

func checkRefusedAliases(t *testing.T, text string, doc *ast.QueryDocument, op *ast.OperationDefinition, n int) {
	t.Helper()
	narrow, err := derive(t, text, graph.Options{MaxAliases: max(1, n-1)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = narrow.Plan(doc, op, graph.Request{})
	want := fmt.Sprintf("the operation has %d aliases; at most %d are allowed", n, n-1)
	if n > 1 && (fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want)) {
		t.Errorf("%v, want %s", err, want)
	}
}
