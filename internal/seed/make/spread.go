package make

import (
	"fmt"
	"slices"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"
)

// prepareSpread determines how to make rows unique if a key has several fields or few values. If possible, each row gets another
// combination. Otherwise, the combinations of earlier rows are recorded.
func (t *blueprint) prepareSpread() error {
	for _, u := range t.uniques {
		sizes, total := t.combinations(u.fields)
		u.total = total
		finite := total > 0
		if finite {
			if err := t.limit(total, fmt.Sprintf("no two rows of %s may have the same %s", t.typ.Table, names(u.fields))); err != nil {
				return err
			}
		}
		if finite && t.spreadable(u.fields) {
			t.spreadOver(u.fields, spread{sizes, newShuffle(total, t.seed)})
			continue
		}
		u.seen = map[uint64]struct{}{}
		if finite {
			t.walkable(u, sizes, total)
		}
	}
	return nil
}

// limit reduces the number of rows to those that are possible, or returns an error if fewer rows are not allowed.
func (t *blueprint) limit(possible int64, why string) error {
	if t.count <= possible || t.remaining() <= 0 {
		return nil
	}
	if !t.spec.exact() {
		t.count = possible
		return nil
	}
	hint := "Allow more values."
	if possible > 0 {
		hint = fmt.Sprintf("Ask for at most %d rows, or allow more values.", possible)
	}
	return fault.New(fault.Invalid, "", fmt.Sprintf("%s: %s, but there are only %d possible values for %d rows", t.spec.place(), why, possible, t.count), hint)
}

// combinations returns the number of values of each field and of their combinations. The total is 0 when it is unknown, and it is
// not exact from mostRows on.
func (t *blueprint) combinations(fields []*schema.Field) (sizes []int64, total int64) {
	sizes, total = make([]int64, len(fields)), 1
	if !t.join(fields) {
		return sizes, 0
	}
	for i, f := range fields {
		m := t.makers[t.makerOf(f)]
		sizes[i] = t.sizeOf(m)
		switch {
		case sizes[i] <= 0 || m.null != 0:
			total = 0
		case total < mostRows:
			total *= sizes[i]
		}
	}
	return sizes, total
}

// spreadable reports whether the number of a row can decide which combination of some fields it gets: nothing else decides it.
func (t *blueprint) spreadable(fields []*schema.Field) bool {
	return t.spreading.sizes == nil && !t.filled && t.per == nil && !t.judged() && !slices.ContainsFunc(fields, func(f *schema.Field) bool {
		m := t.makers[t.makerOf(f)]
		checked := func(c check) bool {
			return slices.ContainsFunc(c.fields, func(f checked) bool { return slices.Contains(m.slots, f.slot) })
		}
		return m.digit >= 0 || !t.evenly(m) || slices.ContainsFunc(t.checks, checked)
	})
}

// spreadOver gives each row another combination of some fields.
func (t *blueprint) spreadOver(fields []*schema.Field, s spread) {
	t.spreading = s
	for i, f := range fields {
		m := t.makers[t.makerOf(f)]
		m.digit, m.steady = i, true
		m.digits()
	}
}

// digits makes the generator of a field one that can make each of its values in turn.
func (m *maker) digits() {
	if s, ok := m.generator.(*moments); ok {
		m.generator = days{s}
	}
}

// walkable lets rows try combinations one after the other, after random attempts have failed.
func (t *blueprint) walkable(u *uniqueness, sizes []int64, total int64) {
	for _, f := range u.fields {
		if m := t.makers[t.makerOf(f)]; m.digit >= 0 || m.walk != nil || (t.per != nil && t.makers[t.per.maker] == m) {
			return
		}
	}
	u.walk = &spread{sizes, newShuffle(total, t.seed)}
	for i, f := range u.fields {
		m := t.makers[t.makerOf(f)]
		m.walk, m.walkDigit = u, i
	}
}

// sizeOf returns the number of possible values of a field, or 0 if it is unknown.
func (t *blueprint) sizeOf(m *maker) int64 {
	switch s := m.generator.(type) {
	case nil:
		switch {
		case m.pick.of != nil:
			return 0
		case m.pick.only != nil:
			return int64(len(m.pick.only))
		case m.pick.universe.blueprint == t:
			return 0
		case m.joint != nil:
			return m.joint.size()
		case len(m.pick.demands) > 0:
			return 1 // the other reference of the joint decides
		}
		if m.isSettled() {
			return m.pick.len()
		}
		return m.pick.universe.len()
	case digital:
		return s.size()
	case *moments:
		if s.day {
			return days{s}.size()
		}
	}
	return 0
}

// evenly reports whether all values of a field are equally likely, so that they can be chosen in another way.
func (t *blueprint) evenly(m *maker) bool {
	if m.pick != nil {
		return m.pick.rank == nil && m.pick.only == nil
	}
	switch s := m.generator.(type) {
	case *choice:
		return s.rank == nil && (s.upTo == nil || t.spec.made[m.field.Name] == nil)
	case *moments:
		return s.hours == nil && s.weekend == 1 && s.power == 1
	}
	return true
}

// spread assigns a unique combination of digits to each row of a table.
type spread struct {
	sizes []int64
	order shuffle
}

// digit returns a digit of the combination of a row.
func (s *spread) digit(number int64, digit int) int64 {
	place := s.order.at(number)
	for _, size := range s.sizes[:digit] {
		place /= size
	}
	return place % s.sizes[digit]
}
