package graph

import (
	"fmt"
	"math"
)

// ListCost is what a list adds to the cost of an operation.
type ListCost struct {
	Location *Location
	Rows     int // of the page
	Fields   int // of all its rows, and of the lists that it is in
}

// Largest returns the list that adds most to the cost with these variables, without what the lists in it add. Its Location is nil if the operation
// has no list.
func (c *Cost) Largest(vars map[string]any) (largest ListCost) {
	c.eachList(vars, 1, func(l ListCost) {
		if l.Fields > largest.Fields {
			largest = l
		}
	})
	return largest
}

// Lists returns what each list of a client costs with these variables, the outer ones first.
func (c *Cost) Lists(vars map[string]any) (lists []ListCost) {
	c.eachList(vars, 1, func(l ListCost) { lists = append(lists, l) })
	return lists
}

// CheckPages refuses a page of more rows than most.
func (c *Cost) CheckPages(vars map[string]any, most int) (err error) {
	c.eachList(vars, 1, func(l ListCost) {
		if l.Rows > most && err == nil {
			err = l.Location.Wrap(invalid(fmt.Sprintf("a page can have at most %d rows; this one can have %d", most, l.Rows), "request less with first or last"))
		}
	})
	return err
}

// eachList visits the lists of clients, the outer ones first. times is how often c can be in the answer.
func (c *Cost) eachList(vars map[string]any, times int, visit func(ListCost)) {
	for _, child := range c.children {
		rows := 1
		if child.rows.most > 0 {
			rows, _ = child.rows.read(vars)
			rows = max(1, rows)
		}
		all := min(times*rows, math.MaxInt32)
		if child.location != nil {
			visit(ListCost{child.location, rows, min(all*child.ofRow(), math.MaxInt32)})
		}
		child.eachList(vars, all, visit)
	}
}

// ofRow returns the fields of one row, without those of lists in it.
func (c *Cost) ofRow() int {
	sum := c.fields
	for _, child := range c.children {
		if child.rows.most == 0 {
			sum += child.ofRow()
		}
	}
	return sum
}
