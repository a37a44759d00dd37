package graph

import (
	"math"
	"strconv"
	"strings"
)

// Cost is how many fields an operation can return: those of each selection, once for each row that the selection can have.
type Cost struct {
	fields   int
	rows     pageSize  // of a list; the zero value for one row
	location *Location // of a list of a client
	children []*Cost
}

// child adds the cost of a nested selection.
func (c *Cost) child(rows pageSize) *Cost {
	n := &Cost{rows: rows}
	c.children = append(c.children, n)
	return n
}

// Of returns the cost with these variables. A page size that is not valid counts as 0, because binding refuses it. Costs
// above math.MaxInt32 are not told apart.
func (c *Cost) Of(vars map[string]any) int {
	sum := c.fields
	for _, child := range c.children {
		sum = min(sum+child.Of(vars), math.MaxInt32)
	}
	if c.rows.most == 0 {
		return sum
	}
	rows, _ := c.rows.read(vars)
	return min(sum*max(1, rows), math.MaxInt32)
}

// String returns the cost as a formula: 2 + $n × (3 + 20 × 4).
func (c *Cost) String() string {
	terms := c.terms()
	if len(terms) == 0 {
		return "0"
	}
	return strings.Join(terms, " + ")
}

// terms returns the summands of one row: a number, and the lists.
func (c *Cost) terms() []string {
	fields, lists := c.flatten()
	var terms []string
	if fields > 0 {
		terms = append(terms, strconv.Itoa(fields))
	}
	for _, list := range lists {
		switch nested := list.terms(); len(nested) {
		case 0:
		case 1:
			terms = append(terms, list.rows.String()+" × "+nested[0])
		default:
			terms = append(terms, list.rows.String()+" × ("+strings.Join(nested, " + ")+")")
		}
	}
	return terms
}

// flatten adds the fields of nested objects to those of c, and returns the nested lists.
func (c *Cost) flatten() (fields int, lists []*Cost) {
	fields = c.fields
	for _, child := range c.children {
		if child.rows.most > 0 {
			lists = append(lists, child)
			continue
		}
		n, nested := child.flatten()
		fields, lists = fields+n, append(lists, nested...)
	}
	return fields, lists
}
