package make

import (
	"slices"
	"sort"

	"github.com/krowoc/krowoc/internal/schema"
)

// joint are the combinations of the rows of a reference with the rows of a later one that agree with them, in a set of unique fields: the
// pairs of a team and a user of the same organization.
type joint struct {
	upTo  []int64 // the cumulative number of combinations, by the number of the first row
	later *maker  // nil if the first row determines all others
}

func (j *joint) size() int64 {
	if len(j.upTo) == 0 {
		return 0
	}
	return j.upTo[len(j.upTo)-1]
}

// join counts the combinations of the references among unique fields that agree with one another. It returns false if their number is not
// known.
func (t *blueprint) join(fields []*schema.Field) bool {
	var root *maker
	var later []*maker
	for _, f := range fields {
		m := t.makers[t.makerOf(f)]
		if m.pick == nil || len(m.pick.demands) == 0 {
			continue
		}
		first := t.makers[m.pick.demands[0].from]
		if len(m.pick.demands) > 1 || (root != nil && root != first) || !slices.Contains(fields, first.field) || m.refersTo() == t {
			return false
		}
		root, later = first, append(later, m)
	}
	if root == nil {
		return !slices.ContainsFunc(fields, func(f *schema.Field) bool { return t.makers[t.makerOf(f)].joint != nil })
	}
	if root.refersTo() == t || root.joint != nil || root.digit >= 0 || root.walk != nil || len(root.pick.demands) > 0 || root.pick.only != nil {
		return false
	}
	root.joint = newJoint(root, later)
	return root.joint != nil
}

// newJoint returns nil if the number of combinations is not known.
func newJoint(root *maker, later []*maker) *joint {
	p, j := root.pick, &joint{}
	for _, m := range later {
		if !m.isKnown() || !m.pick.demands[0].isKnown(root) || (m.pick.demands[0].with != nil && j.later != nil) {
			return nil
		}
		if m.pick.demands[0].with != nil {
			j.later = m
		}
	}
	if !root.isKnown() {
		return nil
	}
	r := p.universe.blueprint.newSample()
	sum := int64(0)
	list, narrow := p.rows()
	for number := range p.len() {
		if narrow {
			number = list[number]
		}
		n, ok := root.combinations(r, number, later)
		if !ok {
			return nil
		}
		sum += n
		j.upTo = append(j.upTo, sum)
	}
	return j
}

// isKnown reports whether the rows that a reference chooses among are known, and in memory.
func (m *maker) isKnown() bool { return m.isSettled() && m.pick.universe.len() <= keptRows }

// isKnown reports whether the rows of a reference are known to have the demanded key.
func (d *demand) isKnown(from *maker) bool { return d.own || from.pick.universe.isSettled(d.at) }

// combinations returns the number of rows of later references that agree with a row of this one. It returns false if one of them is free.
func (m *maker) combinations(r *sample, number int64, later []*maker) (n int64, ok bool) {
	n = 1
	for _, other := range later {
		d := other.pick.demands[0]
		key, ok := m.pick.keyOf(r, d, number)
		if !ok {
			return 0, false
		}
		if d.with != nil {
			n = int64(len(d.of(other.pick.universe, d.with, key)))
		}
	}
	return n, true
}

// placed returns the row that the number of the row determines, and notes the row of the later reference.
func (m *maker) placed(r *sample) int64 {
	at := m.place(r)
	if j := m.joint; j != nil {
		first := sort.Search(len(j.upTo), func(i int) bool { return j.upTo[i] > at })
		if r.rest = at; first > 0 {
			r.rest -= j.upTo[first-1]
		}
		at = int64(first)
	}
	if list, narrow := m.pick.rows(); narrow {
		at = list[at]
	}
	return at
}

// isPlaced reports whether the number of the row determines the row of the reference.
func (m *maker) isPlaced(r *sample) bool {
	j := r.blueprint.makers[m.pick.demands[0].from].joint
	return j != nil && j.later == m && r.rest >= 0
}
