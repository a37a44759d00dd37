package graph

// cost is what a selection can cost: its fields, once for each row that it may be made for.
type cost struct {
	fields   int
	rows     func(vars map[string]any) int // of a list; nil for one
	children []*cost
}

// child adds the cost of a nested selection.
func (c *cost) child(rows func(map[string]any) int) *cost {
	n := &cost{rows: rows}
	c.children = append(c.children, n)
	return n
}

// total adds everything up. It stops counting above limit, so that it cannot overflow.
func (c *cost) total(vars map[string]any, limit int) int {
	sum := c.fields
	for _, child := range c.children {
		if sum > limit {
			break
		}
		sum += child.total(vars, limit)
	}
	rows := 1
	if c.rows != nil {
		rows = max(1, c.rows(vars))
	}
	if sum > 0 && rows > limit/sum {
		return max(limit+1, min(rows, limit+1)*1)
	}
	return sum * rows
}
