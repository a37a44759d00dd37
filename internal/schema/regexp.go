package schema

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"
)

// PortablePattern rewrites an RE2 pattern so that ECMAScript (with the flag u), Rust's regex crate, Python and RE2 itself match the
// same strings. Word boundaries and line anchors, which these engines define differently, are an error.
func PortablePattern(pattern string) (string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := writePortable(&b, re); err != nil {
		return "", err
	}
	return b.String(), nil
}

func writePortable(b *strings.Builder, re *syntax.Regexp) error {
	switch re.Op {
	case syntax.OpEmptyMatch:
		b.WriteString("(?:)")
	case syntax.OpNoMatch:
		b.WriteString(`[^\x00-` + string(unicode.MaxRune) + `]`)
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			writeLiteral(b, r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		b.WriteString(class(re.Rune))
	case syntax.OpAnyCharNotNL:
		b.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		b.WriteString(`[\x00-` + string(unicode.MaxRune) + `]`)
	case syntax.OpBeginText:
		b.WriteString("^")
	case syntax.OpEndText:
		b.WriteString("$")
	case syntax.OpCapture:
		return group(b, re.Sub[0])
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		if err := atom(b, re.Sub[0]); err != nil {
			return err
		}
		b.WriteString(quantifier(re))
	case syntax.OpConcat:
		return writeConcat(b, re.Sub)
	case syntax.OpAlternate:
		return writeAlternate(b, re.Sub)
	default:
		return fmt.Errorf("word boundaries and line anchors differ between languages")
	}
	return nil
}

// writeConcat writes parts one after the other, an alternation among them in a group.
func writeConcat(b *strings.Builder, parts []*syntax.Regexp) error {
	for _, part := range parts {
		write := writePortable
		if part.Op == syntax.OpAlternate {
			write = group
		}
		if err := write(b, part); err != nil {
			return err
		}
	}
	return nil
}

func writeAlternate(b *strings.Builder, parts []*syntax.Regexp) error {
	for i, part := range parts {
		if i > 0 {
			b.WriteString("|")
		}
		if err := writePortable(b, part); err != nil {
			return err
		}
	}
	return nil
}

// atom writes the operand of a quantifier.
func atom(b *strings.Builder, re *syntax.Regexp) error {
	single := re.Op == syntax.OpCharClass || re.Op == syntax.OpAnyChar || re.Op == syntax.OpAnyCharNotNL || (re.Op == syntax.OpLiteral && len(re.Rune) == 1)
	if single || re.Op == syntax.OpCapture {
		return writePortable(b, re)
	}
	return group(b, re)
}

func group(b *strings.Builder, re *syntax.Regexp) error {
	b.WriteString("(?:")
	err := writePortable(b, re)
	b.WriteString(")")
	return err
}

// quantifier writes a repetition. Greediness does not change whether a string matches.
func quantifier(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpStar:
		return "*"
	case syntax.OpPlus:
		return "+"
	case syntax.OpQuest:
		return "?"
	}
	switch {
	case re.Max < 0:
		return fmt.Sprintf("{%d,}", re.Min)
	case re.Max == re.Min:
		return fmt.Sprintf("{%d}", re.Min)
	}
	return fmt.Sprintf("{%d,%d}", re.Min, re.Max)
}

func writeLiteral(b *strings.Builder, r rune, fold bool) {
	if other := unicode.SimpleFold(r); !fold || other == r {
		b.WriteString(literal(r, `\.+*?()|[]{}^$/`))
		return
	}
	runes := []rune{r, r}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		runes = append(runes, other, other)
	}
	b.WriteString(class(runes))
}

// class writes ranges of characters, each given by its first and last one. Surrogates are left out: no valid string contains one.
func class(ranges []rune) string {
	var b strings.Builder
	b.WriteString("[")
	if last := len(ranges) - 1; last > 1 && ranges[0] == 0 && ranges[last] == unicode.MaxRune {
		b.WriteString("^")
		ranges = gaps(ranges)
	}
	write := func(from, to rune) {
		if from > to {
			return
		}
		const special = `\]^[-&~`
		b.WriteString(literal(from, special))
		if to > from {
			if to > from+1 {
				b.WriteString("-")
			}
			b.WriteString(literal(to, special))
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		const firstSurrogate, lastSurrogate = 0xD800, 0xDFFF
		from, to := ranges[i], ranges[i+1]
		if to < firstSurrogate || from > lastSurrogate {
			write(from, to)
			continue
		}
		write(from, min(to, firstSurrogate-1))
		write(max(from, lastSurrogate+1), to)
	}
	b.WriteString("]")
	return b.String()
}

// gaps returns the ranges between ranges.
func gaps(ranges []rune) []rune {
	var out []rune
	for i := 1; i+1 < len(ranges); i += 2 {
		out = append(out, ranges[i]+1, ranges[i+1]-1)
	}
	return out
}

// literal writes one character, with a backslash before those in special.
func literal(r rune, special string) string {
	switch {
	case r == '\n':
		return `\n`
	case r < ' ' || r == 0x7f:
		return fmt.Sprintf(`\x%02x`, r)
	case strings.ContainsRune("&~", r) && strings.ContainsRune(special, r):
		return fmt.Sprintf(`\x%02x`, r) // doubled, they are set operators in Rust and with ECMAScript's flag v
	case strings.ContainsRune(special, r):
		return `\` + string(r)
	}
	return string(r)
}
