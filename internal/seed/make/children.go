package make

import "slices"

// children is the number of rows per parent.
type children struct {
	maker int
	upTo  []int64 // the cumulative number of rows
}

// place finds the parent of a row.
func (c *children) place(r *sample) {
	at, _ := slices.BinarySearch(c.upTo, r.number+1)
	r.parents[c.maker] = int64(at)
}

// ordinal returns the number of a row among the children of its parent, from 0.
func (c *children) ordinal(r *sample) int64 {
	if at := r.parents[c.maker]; at > 0 {
		return r.number - c.upTo[at-1]
	}
	return r.number
}

// nth numbers the children of each parent, from 1.
type nth struct{}

func (nth) make(r *sample) datum { return datum{i: r.blueprint.per.ordinal(r) + 1} }
