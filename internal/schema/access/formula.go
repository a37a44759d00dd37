package access

import (
	"slices"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/schema"
)

// formula is a condition on a row as alternatives of atoms: one alternative, of which all atoms hold, is enough. Nil is never; an alternative without
// atoms is always.
type formula []alternative

type alternative []atom

// atom is a part of a condition in words.
type atom struct {
	own    bool          // words say whose row it is
	text   string        // owner = caller
	within time.Duration // of a log-in, in the place of words
}

// demands reports whether a row or caller for which a holds is one for which b holds.
func (a atom) demands(b atom) bool {
	isMoreRecent := a.within > 0 && a.within <= b.within
	return a == b || isMoreRecent
}

var (
	always = formula{{}}
	never  formula
)

func single(a atom) formula { return formula{{a}} }

// or returns the condition that f or g holds.
func (f formula) or(g formula) formula {
	var all formula
	for _, a := range slices.Concat(f, g) {
		all = all.with(a)
	}
	return all
}

// with adds an alternative, unless another one asks for no more. It replaces those that ask for more.
func (f formula) with(a alternative) formula {
	for _, other := range f {
		if a.implies(other) {
			return f
		}
	}
	return append(slices.DeleteFunc(slices.Clone(f), func(other alternative) bool { return other.implies(a) }), a)
}

// and returns the condition that f and g hold.
func (f formula) and(g formula) formula {
	var all formula
	for _, a := range f {
		for _, b := range g {
			all = all.with(a.and(b))
		}
	}
	return all
}

// and returns the alternative that has the atoms of both, without those that others demand.
func (a alternative) and(b alternative) alternative {
	both := slices.Clone(a)
	for _, x := range b {
		if !both.demands(x) {
			both = append(slices.DeleteFunc(both, x.demands), x)
		}
	}
	return both
}

func (a alternative) demands(x atom) bool {
	return slices.ContainsFunc(a, func(y atom) bool { return y.demands(x) })
}

// of returns a condition on another row as one on a row from which it is reached.
func (f formula) of(row string) (all formula) {
	for _, a := range f {
		var there alternative
		for _, x := range a {
			if x.within == 0 { // a log-in is one of the caller
				x = atom{text: row + " has " + x.text}
			}
			there = append(there, x)
		}
		all = all.with(there)
	}
	return all
}

// implies reports whether a demands all atoms of b.
func (a alternative) implies(b alternative) bool {
	return !slices.ContainsFunc(b, func(x atom) bool { return !a.demands(x) })
}

// String returns the alternative in words: own rows: owner = caller, where visibility is PUBLIC.
func (a alternative) String() string {
	var own, where, logIn, parts []string
	for _, x := range a {
		switch {
		case x.within > 0:
			logIn = append(logIn, "after a log-in within "+schema.FormatDuration(x.within))
		case x.own:
			own = append(own, x.text)
		default:
			where = append(where, x.text)
		}
	}
	if len(own) > 0 {
		parts = append(parts, "own rows: "+strings.Join(own, " and "))
	}
	if len(where) > 0 {
		parts = append(parts, "where "+strings.Join(where, " and "))
	}
	return strings.Join(append(parts, logIn...), ", ")
}

func (f formula) cell() Cell {
	switch {
	case len(f) == 0:
		return Cell{Allowed: No}
	case len(f[0]) == 0: // every other alternative would imply it
		return Cell{Allowed: Yes}
	}
	c := Cell{Allowed: Condition}
	for _, a := range f {
		c.Conditions = append(c.Conditions, a.String())
	}
	return c
}
