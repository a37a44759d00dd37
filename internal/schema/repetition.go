package schema

import (
	"fmt"
	"regexp/syntax"
	"unicode"
)

// MaxRepetition is the largest count that Postgres accepts in a regular expression, as in a{255}.
const MaxRepetition = 255

// CheckRepetitions returns an error for a repetition that Postgres refuses. RE2 counts to 1000.
func CheckRepetitions(re *syntax.Regexp) error {
	if re.Op == syntax.OpRepeat && max(re.Min, re.Max) > MaxRepetition {
		return fmt.Errorf("it repeats %d times, but Postgres repeats at most %d times", max(re.Min, re.Max), MaxRepetition)
	}
	for _, sub := range re.Sub {
		if err := CheckRepetitions(sub); err != nil {
			return err
		}
	}
	return nil
}

// Explosive reports whether a pattern can match a text in exponentially many ways, as ^(a+)+$ does. Postgres and Go take time that grows
// with the text. JavaScript and Python try every way before they refuse a text, which takes minutes for 40 characters.
//
// That is the case if a loop leads from one character of the pattern back to it in two ways that read the same text.
func Explosive(re *syntax.Regexp) bool {
	prog, err := syntax.Compile(fewer(re).Simplify())
	if err != nil {
		return false
	}
	s := steps{prog: prog, next: map[uint32]map[uint32]int{}, reach: map[uint32]map[uint32]bool{}}
	s.read(uint32(prog.Start)) //nolint:gosec // a program has fewer instructions than that
	if len(s.next) > maxSteps {
		return false
	}
	for state, follows := range s.next {
		loop := s.loop(state)
		if len(loop) > maxLoop {
			continue
		}
		for next, ways := range follows {
			if loop[next] && ways > 1 {
				return true
			}
		}
		if loop[state] && s.parts(state, loop) {
			return true
		}
	}
	return false
}

// Larger patterns are not examined, which bounds the work.
const (
	maxSteps = 300
	maxLoop  = 30
)

// fewer returns the pattern with lower counts: two rounds of a loop show what 200 do. An exact count stays exact.
func fewer(re *syntax.Regexp) *syntax.Regexp {
	out := *re
	if re.Op == syntax.OpRepeat {
		out.Min, out.Max = min(re.Min, 2), min(re.Max, 3)
		if re.Min == re.Max {
			out.Max = out.Min
		}
	}
	out.Sub = make([]*syntax.Regexp, len(re.Sub))
	for i, sub := range re.Sub {
		out.Sub[i] = fewer(sub)
	}
	return &out
}

// steps are the characters of a compiled pattern, each with those that can follow it and in how many ways, up to two.
type steps struct {
	prog  *syntax.Prog
	next  map[uint32]map[uint32]int
	reach map[uint32]map[uint32]bool
}

// read adds all characters that can be read from an instruction on.
func (s *steps) read(from uint32) {
	ways := map[uint32]int{}
	s.follow(from, map[uint32]int{}, ways)
	for pc := range ways {
		if s.next[pc] == nil {
			s.next[pc] = map[uint32]int{}
			out := s.prog.Inst[pc].Out
			s.follow(out, map[uint32]int{}, s.next[pc])
			s.read(out)
		}
	}
}

// follow counts the ways to the next characters, through instructions that read nothing.
func (s *steps) follow(pc uint32, visits, ways map[uint32]int) {
	if visits[pc] == 2 {
		return
	}
	visits[pc]++
	switch inst := &s.prog.Inst[pc]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		s.follow(inst.Out, visits, ways)
		s.follow(inst.Arg, visits, ways)
	case syntax.InstCapture, syntax.InstEmptyWidth, syntax.InstNop:
		s.follow(inst.Out, visits, ways)
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		ways[pc]++
	}
}

// loop returns the characters that follow a character and lead back to it.
func (s *steps) loop(state uint32) map[uint32]bool {
	loop := map[uint32]bool{}
	for next := range s.reachable(state) {
		if next == state || s.reachable(next)[state] {
			loop[next] = true
		}
	}
	return loop
}

func (s *steps) reachable(state uint32) map[uint32]bool {
	if seen := s.reach[state]; seen != nil {
		return seen
	}
	seen := map[uint32]bool{}
	s.reach[state] = seen
	list := []uint32{state}
	for len(list) > 0 {
		last := list[len(list)-1]
		list = list[:len(list)-1]
		for next := range s.next[last] {
			if !seen[next] {
				seen[next] = true
				list = append(list, next)
			}
		}
	}
	return seen
}

// parts reports whether two ways around a loop part at a character, read the same, and meet at it again.
func (s *steps) parts(state uint32, loop map[uint32]bool) bool {
	start := pair{state, state}
	parted := map[pair]bool{} // false until the ways have parted
	list := []pair{start}
	for len(list) > 0 {
		last := list[len(list)-1]
		list = list[:len(list)-1]
		for _, next := range s.common(last, loop) {
			apart := parted[last] || next.a != next.b
			if next == start && apart {
				return true
			}
			if before, seen := parted[next]; !seen || (apart && !before) {
				parted[next] = apart
				list = append(list, next)
			}
		}
	}
	return false
}

// pair is where two ways are.
type pair struct{ a, b uint32 }

// common returns where two ways can be after they have read the same character, within a loop.
func (s *steps) common(from pair, loop map[uint32]bool) (list []pair) {
	for a := range s.next[from.a] {
		for b := range s.next[from.b] {
			if loop[a] && loop[b] && s.overlap(a, b) {
				list = append(list, pair{a, b})
			}
		}
	}
	return list
}

// overlap reports whether two instructions read a common character.
func (s *steps) overlap(a, b uint32) bool {
	x, y := runes(&s.prog.Inst[a]), runes(&s.prog.Inst[b])
	for i := 0; i+1 < len(x); i += 2 {
		for j := 0; j+1 < len(y); j += 2 {
			if x[i] <= y[j+1] && y[j] <= x[i+1] {
				return true
			}
		}
	}
	return false
}

// runes returns the ranges of characters that an instruction reads, each as its first and last one.
func runes(inst *syntax.Inst) []rune {
	switch {
	case inst.Op == syntax.InstRuneAny:
		return []rune{0, unicode.MaxRune}
	case inst.Op == syntax.InstRuneAnyNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	case len(inst.Rune) != 1:
		return inst.Rune
	}
	r := inst.Rune[0]
	ranges := []rune{r, r}
	if syntax.Flags(inst.Arg)&syntax.FoldCase == 0 {
		return ranges
	}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		ranges = append(ranges, other, other)
	}
	return ranges
}
