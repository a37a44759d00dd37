package graph

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/krowoc/krowoc/internal/testkit"
)

// randomCost returns a cost tree whose lists are all of clients.
func randomCost(r *rand.Rand, depth int) *Cost {
	c := &Cost{fields: r.IntN(5)}
	for range r.IntN(3) {
		if depth == 0 {
			break
		}
		child := randomCost(r, depth-1)
		if r.IntN(2) == 0 {
			child.rows = pageSize{number: r.IntN(6), most: 5}
			child.location = &Location{Key: fmt.Sprint("list", r.IntN(1000))}
		}
		c.children = append(c.children, child)
	}
	return c
}

// What the lists add, and what is in none, is the whole cost; no page that CheckPages admits has more rows, and Largest is the largest.
func TestListsAddUpToTheCost(t *testing.T) {
	n, seed := testkit.Random(500)
	r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a test can be repeated
	for range n {
		c := randomCost(r, 4)
		sum, most, rows := c.ofRow(), 0, 0
		c.eachList(nil, 1, func(l ListCost) {
			sum += l.Fields
			most, rows = max(most, l.Fields), max(rows, l.Rows)
		})
		if got := c.Of(nil); got != sum {
			t.Fatalf("%s costs %d, and its lists and other fields %d", c, got, sum)
		}
		if got := c.Largest(nil).Fields; got != most {
			t.Errorf("the largest list of %s has %d fields, not %d", c, got, most)
		}
		if err := c.CheckPages(nil, rows); err != nil {
			t.Errorf("%s: %v", c, err)
		}
		if err := c.CheckPages(nil, rows-1); rows > 0 && err == nil {
			t.Errorf("%s: a page of %d rows passes for one of %d", c, rows, rows-1)
		}
	}
}
