package make

import (
	"slices"

	"github.com/krowoc/krowoc/internal/schema"
)

// agreeing finds the order in which the references of a table are chosen, so that each one agrees with those before it.
type agreeing struct {
	*Generation
	*blueprint
	pairs   [][2]route
	members map[int]int // the longest route that begins with a reference, by its number
}

// join notes which of the routes of one sense must agree.
func (a *agreeing) join(list []route) {
	list = slices.DeleteFunc(slices.Clone(list), func(w route) bool { return !a.chooses(w[0]) })
	for i, w := range list {
		for _, other := range list[:i] {
			if !w.apart(other) || (a.says(w[0]) && a.says(other[0])) {
				continue
			}
			a.pairs = append(a.pairs, [2]route{other, w})
			for _, of := range []route{w, other} {
				a.members[a.makerOf(of[0])] = max(a.members[a.makerOf(of[0])], len(of))
			}
		}
	}
}

// chooses reports whether a reference chooses among rows that are known when it does.
func (a *agreeing) chooses(f *schema.Field) bool {
	at := a.makerOf(f)
	if at < 0 {
		return false
	}
	m := a.makers[at]
	early := slices.ContainsFunc(a.early, func(e early) bool { return e.by == m })
	return m.refersTo() != nil && !early
}

// demand turns the pairs into demands on the later one of both references.
func (a *agreeing) demand() {
	done := map[int]bool{}
	for range len(a.members) {
		next := a.next(done)
		if next < 0 { // the recipe has a circle
			return
		}
		for _, pair := range a.pairs {
			for i, w := range pair {
				if other := pair[1-i]; a.makerOf(w[0]) == next && done[a.makerOf(other[0])] {
					a.add(other, w)
				}
			}
		}
		done[next] = true
	}
}

// next returns the reference that is chosen next: one that does not depend on others that are left.
func (a *agreeing) next(done map[int]bool) int {
	best := -1
	for i := range a.makers {
		if _, member := a.members[i]; !member || done[i] || a.waits(i, done) {
			continue
		}
		if best < 0 || a.before(i, best, done) {
			best = i
		}
	}
	return best
}

// waits reports whether a reference depends on another one that has no place yet.
func (a *agreeing) waits(i int, done map[int]bool) bool {
	needed := a.after(i)
	for other := range a.members {
		if other != i && !done[other] && needed[other] {
			return true
		}
	}
	return false
}

// after returns the makers that must come before one.
func (t *blueprint) after(i int) map[int]bool {
	needed := map[int]bool{}
	var visit func(i int)
	visit = func(i int) {
		for _, before := range t.makers[i].after {
			if before >= 0 && !needed[before] {
				needed[before] = true
				visit(before)
			}
		}
	}
	visit(i)
	return needed
}

// freedom is how freely the rows of a reference can be chosen.
type freedom int

const (
	given    freedom = iota // by the recipe, or one after the other
	unshared                // each row once
	combined                // each combination with other fields once
	free
)

func (a *agreeing) freedomOf(i int) freedom {
	m := a.makers[i]
	f := m.field
	single := func(u schema.Unique) bool { return len(u.Fields) == 1 && u.Fields[0] == f }
	switch {
	case a.says(f):
		return given
	case f.Unique || a.isAlone(f) || slices.ContainsFunc(a.sets(), single):
		return unshared
	case slices.ContainsFunc(a.sets(), func(u schema.Unique) bool { return slices.Contains(u.Fields, f) && isFew(u.Fields) }):
		return combined
	}
	return free
}

// sets returns the sets of fields that are unique.
func (t *blueprint) sets() []schema.Unique {
	sets := append([]schema.Unique{{Fields: t.typ.Key}}, t.typ.Uniques...)
	if t.facts == nil {
		return sets
	}
	for _, u := range t.facts.uniques {
		if fields := t.madeOf(u.columns); fields != nil {
			sets = append(sets, schema.Unique{Fields: fields})
		}
	}
	return sets
}

// isFew reports whether fields probably have few values, so that their combinations may run out.
func isFew(fields []*schema.Field) bool {
	return !slices.ContainsFunc(fields, func(f *schema.Field) bool {
		return !isOne(f) && f.Type.Enum == nil && f.Type.Scalar != schema.Boolean && f.Type.Scalar != schema.Date
	})
}

// before reports whether one reference is chosen before another one: the less free one first, and then the one that says more about others.
// Of two that must both be unique, the one that says less comes first: different projects have different tasks.
func (a *agreeing) before(i, other int, done map[int]bool) bool {
	one, two := a.freedomOf(i), a.freedomOf(other)
	by, otherBy := a.determiners(i, done), a.determiners(other, done)
	switch {
	case one != two:
		return one < two
	case one == free && by != otherBy:
		return by < otherBy
	case a.members[i] == a.members[other]:
		return i < other
	case one == unshared:
		return a.members[i] < a.members[other]
	}
	return a.members[i] > a.members[other]
}

// determiners returns how many of the references that are left lead to a row with the key of a reference.
func (a *agreeing) determiners(at int, done map[int]bool) (n int) {
	for _, pair := range a.pairs {
		for i, w := range pair {
			if other := pair[1-i]; len(w) == 1 && a.makerOf(w[0]) == at && !done[a.makerOf(other[0])] {
				n++
			}
		}
	}
	return n
}
