package make

import (
	"math"
	"slices"

	"github.com/brianvoe/gofakeit/v7"
)

// newSample returns a sample, in which rows are generated one after the other.
func (t *blueprint) newSample() *sample {
	r := &sample{blueprint: t, values: make([]datum, len(t.slots)), parents: make([]int64, len(t.makers)), rng: newStream(),
		this: map[string]any{}, others: map[*blueprint]*sample{}}
	r.faker = gofakeit.NewFaker(r.rng, false)
	return r
}

// make generates a row. It tries until a row satisfies the checks and is unique. If it finds none, it returns what the last attempt has
// violated, and otherwise "".
func (t *blueprint) make(r *sample, number int64) (failure string) { return t.makeFrom(r, number, 0) }

// makeFrom is make without the attempts before first.
func (t *blueprint) makeFrom(r *sample, number int64, first int) (failure string) {
	most := first + mostAttempts
	for attempt := first; attempt < most; attempt++ {
		r.number, r.attempt, r.disagrees = number, attempt, false
		if attempt == max(chances, first) {
			most = max(most, attempt+t.startWalks())
		}
		if t.per != nil {
			t.per.place(r)
		}
		for _, i := range t.order {
			t.makers[i].fill(r, i)
		}
		if failure = t.refused(r); failure == "" {
			return ""
		}
		t.step(r, attempt)
	}
	return failure
}

// startWalks returns the number of remaining combinations.
func (t *blueprint) startWalks() (left int) {
	for _, u := range t.uniques {
		if u.walk != nil {
			left += int(min(u.total-u.walked, math.MaxInt32))
		}
	}
	return left
}

// step moves to the next combination of the fields that are not unique. If they all are, because something else refused the row, it moves
// all of them. r may be nil.
func (t *blueprint) step(r *sample, attempt int) {
	if attempt < chances {
		return
	}
	repeats := func(u *uniqueness) bool { return u.walk != nil && u.seen != nil && r != nil && u.has(r) }
	all := !slices.ContainsFunc(t.uniques, repeats)
	for _, u := range t.uniques {
		if u.walk != nil && u.walked < u.total-1 && (all || repeats(u)) {
			u.walked++
		}
	}
}

// chances is the number of random attempts before the unique combinations are tried one after the other. Other fields that must be unique
// become null then, unless they are specified or required.
const chances = 60

// mostAttempts is the maximum number of attempts for a row.
const mostAttempts = 300

// refused returns the check or uniqueness that the row violates, or "". It records a valid row.
func (t *blueprint) refused(r *sample) string {
	if r.disagrees && r.attempt < chances {
		return "its references lead to rows that do not belong together"
	}
	for i := range t.checks {
		if !t.checks[i].holds(r) {
			return t.checks[i].String()
		}
	}
	for _, u := range t.uniques {
		if u.seen != nil && u.has(r) {
			return u.String()
		}
	}
	for _, u := range t.uniques {
		if u.seen != nil {
			u.add(r)
		}
	}
	return ""
}

// stateful reports whether a row depends on earlier rows.
func (t *blueprint) stateful() bool {
	return slices.ContainsFunc(t.uniques, func(u *uniqueness) bool { return u.seen != nil })
}

// sample is the row that is being generated.
type sample struct {
	blueprint *blueprint
	number    int64 // from 0
	attempt   int   // the attempt to generate a valid and unique row
	values    []datum
	parents   []int64 // by field: the number of the row that it refers to; -1 for none
	rng       *stream
	faker     *gofakeit.Faker
	this      map[string]any         // for checks
	others    map[*blueprint]*sample // to regenerate rows of other tables
	disagrees bool                   // a reference found no row that agrees with the others
	rest      int64                  // the number of the row of the other reference of a joint; -1 for a random one
}
