package graph

import "fmt"

// Depth is how many levels of fields an operation nests, and where.
type Depth struct {
	Levels   int
	Location *Location
}

// Check refuses more levels than most, at the field that is nested most deeply.
func (d Depth) Check(most int) error {
	if d.Levels <= most {
		return nil
	}
	return d.Location.Wrap(invalid(fmt.Sprintf("the operation is nested %d levels deep; at most %d are allowed", d.Levels, most), "ask for less at once"))
}

// deepen notes that the field which is being planned is at a level, and refuses it below the last one.
func (b *builder) deepen(level int) error {
	if level > b.plan.Depth.Levels {
		b.plan.Depth = Depth{level, b.location}
	}
	return b.plan.Depth.Check(b.api.options.MaxDepth)
}
