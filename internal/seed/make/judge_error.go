package make

import (
	"fmt"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// subject names the fields of a constraint: name is, name and rank are.
func (j *judge) subject(failure string) string {
	var columns []string
	for i, other := range j.failures {
		switch {
		case other != failure:
		case i < j.uniques:
			columns = j.unknown.checks[i].columns
		default:
			columns = j.unknown.uniques[i-j.uniques].columns
		}
	}
	var names []string
	for _, column := range columns {
		if f := j.fieldOf(column); f != nil {
			names = append(names, f.Name)
		}
	}
	switch len(names) {
	case 0:
		return "its fields are"
	case 1:
		return names[0] + " is"
	}
	return strings.Join(names, " and ") + " are"
}

// onlySo returns the error for a row that cannot be unique, after others that are.
func (t *blueprint) onlySo(rows int64, failure string) error {
	return fault.New(fault.Invalid, "", fmt.Sprintf("%s: only %d of %d rows of %s can be generated: %s", t.spec.place(), rows, t.count, t.typ.Table, failure),
		fmt.Sprintf("Ask for fewer rows, or under generate: %s, specify more values.", t.typ.Name))
}

// mayMiss reports whether a row without a specification may be skipped: the other rows have all values that it could have.
func (j *judge) mayMiss(c *candidate) bool {
	for _, u := range j.blueprint.uniques {
		if c.failure == u.String() {
			return true
		}
	}
	return c.repeats
}
