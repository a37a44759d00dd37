package exec_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/access"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

// A link is written by whoever may update the rows at both ends, and so the matrix has it.
func TestMatrixOfLinks(t *testing.T) {
	seen := map[access.Allowed]int{}
	for seed := range *matrixSchemas {
		g := ruleMaker{rand.New(rand.NewPCG(uint64(seed), 8))} //nolint:gosec // not for secrets
		text := g.linkedSchema()
		s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
		if list.Errors() > 0 {
			t.Fatal(list)
		}
		c := serve(t, text, "", docRows+"; INSERT INTO tags SELECT 't' || n, n & 1 = 1, n & 2 = 2, CASE WHEN n & 4 = 4 THEN 'me' ELSE 'other' END FROM generate_series(0, 7) n")
		matrix := access.Of(s)
		for _, row := range matrix.Rows {
			if row.Field != "tags" && row.Field != "docs" || row.Operation == schema.Read {
				continue
			}
			for i, who := range matrix.Callers {
				if who.Kind == access.Service {
					continue
				}
				want := []access.Allowed{access.No, access.Condition, access.Yes}[c.as(member(who)).tryLinks(t, row)]
				if got := row.Cells[i]; got.Allowed != want {
					t.Errorf("seed %d: %s %s.%s as %s: the matrix has %v, the API %s\n%s", seed, row.Operation, row.Type, row.Field, who, got, want, text)
				}
				seen[want]++
			}
		}
	}
	for _, allowed := range []access.Allowed{access.Yes, access.No, access.Condition} {
		if seen[allowed] < *matrixSchemas {
			t.Errorf("only %d cells are %q; the rules are too similar", seen[allowed], allowed)
		}
	}
}

// tryLinks writes the link of each row to each one at the other end, and returns whether it succeeds never (0), sometimes (1) or always (2).
func (c client) tryLinks(t *testing.T, row access.Row) int {
	t.Helper()
	done, tried, own, other := 0, 0, "d", "t"
	if row.Type == "Tag" {
		own, other = "t", "d"
	}
	for n := range rowsOfDoc * rowsOfDoc {
		if done > 0 && done < tried {
			return 1
		}
		tried++
		this, target := n/rowsOfDoc, n%rowsOfDoc
		link := fmt.Sprintf("%s: {connect: {name: \"%s%d\"}}", row.Field, other, target)
		mutation := fmt.Sprintf("update%s(name: \"%s%d\", data: {%s})", row.Type, own, this, link)
		if row.Operation == schema.Create {
			n := ""
			if row.Type == "Doc" {
				n = "n: 99, "
			}
			mutation = fmt.Sprintf("create%s(data: {name: \"new\", %sa: %t, c: %t, owner: %q, %s})", row.Type, n, this&1 == 1, this&2 == 2, []string{"other", "me"}[this>>2], link)
		}
		if body := c.send(t, "mutation {"+mutation+" {__typename}}", nil).Body.String(); !strings.Contains(body, `"errors"`) {
			done++
			testkit.Exec(t, c.db, "DELETE FROM docs WHERE name = 'new'; DELETE FROM tags WHERE name = 'new'; DELETE FROM docs_tags")
		}
	}
	switch done {
	case 0:
		return 0
	case tried:
		return 2
	}
	return 1
}
