package celsql

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode"

	"cel.dev/cel-go/common/ast"

	"github.com/krowoc/krowoc/internal/schema"
)

// matches translates s.matches(re). CEL uses the syntax of RE2, while Postgres has its own. matches parses the pattern and writes it in the
// syntax of Postgres. It supports the constructs that have the same meaning in both.
func (t *translator) matches(e ast.Expr) (value, error) {
	c := e.AsCall()
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	subject, err := t.value(args[0])
	if err != nil {
		return value{}, err
	}
	if !subject.isText() {
		return value{}, t.refuse(e, "matches needs a string")
	}
	pattern, err := t.constant(e, args[1], "matches")
	if err != nil {
		return value{}, err
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return value{}, t.refuse(args[1], "the pattern is not valid: %v", err)
	}
	written, ok := Pattern(re)
	if !ok {
		return value{}, t.refuse(args[1], "the pattern uses a construct that Postgres does not support")
	}
	return value{kind: boolKind, sql: "(" + subject.text() + ` COLLATE "C" ~ ` + quote(written) + ")"}, nil
}

// Pattern translates a pattern of RE2 to one of Postgres that matches the same texts with the collation "C". It returns false if that is
// not possible.
func Pattern(re *syntax.Regexp) (string, bool) {
	var b strings.Builder
	b.WriteString("***:") // an advanced regular expression, regardless of its first characters
	ok := writePattern(&b, re)
	return b.String(), ok
}

// writePattern writes a pattern for Postgres. It returns false if that is not possible.
func writePattern(b *strings.Builder, re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEmptyMatch:
		b.WriteString("(?:)")
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			writeRune(b, r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		return writeClass(b, re.Rune)
	case syntax.OpAnyCharNotNL:
		b.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		b.WriteString(`[\s\S]`)
	case syntax.OpBeginText:
		b.WriteString(`\A`)
	case syntax.OpEndText:
		b.WriteString(`\Z`)
	case syntax.OpCapture, syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		b.WriteString("(?:")
		ok := writePattern(b, re.Sub[0])
		b.WriteString(")")
		return ok && writeQuantifier(b, re)
	case syntax.OpConcat, syntax.OpAlternate:
		for i, sub := range re.Sub {
			if i > 0 && re.Op == syntax.OpAlternate {
				b.WriteString("|")
			}
			b.WriteString("(?:")
			if !writePattern(b, sub) {
				return false
			}
			b.WriteString(")")
		}
	default:
		return false // word boundaries and line ends, which RE2 and Postgres define differently
	}
	return true
}

// writeQuantifier writes a quantifier. Greediness does not affect whether a text matches.
func writeQuantifier(b *strings.Builder, re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpStar:
		b.WriteString("*")
	case syntax.OpPlus:
		b.WriteString("+")
	case syntax.OpQuest:
		b.WriteString("?")
	case syntax.OpRepeat:
		if max(re.Min, re.Max) > schema.MaxRepetition {
			return false
		}
		if re.Max < 0 {
			fmt.Fprintf(b, "{%d,}", re.Min)
		} else {
			fmt.Fprintf(b, "{%d,%d}", re.Min, re.Max)
		}
	}
	return true
}

func writeRune(b *strings.Builder, r rune, fold bool) {
	others := unicode.SimpleFold(r)
	if !fold || others == r {
		fmt.Fprintf(b, `\U%08x`, r)
		return
	}
	fmt.Fprintf(b, `[\U%08x`, r)
	for ; others != r; others = unicode.SimpleFold(others) {
		fmt.Fprintf(b, `\U%08x`, others)
	}
	b.WriteString("]")
}

// writeClass writes a character class as ranges of code points. It leaves out U+0000, which is not allowed in text.
func writeClass(b *strings.Builder, ranges []rune) bool {
	b.WriteString("[")
	written := false
	for i := 0; i+1 < len(ranges); i += 2 {
		from, to := max(ranges[i], 1), ranges[i+1]
		if to < from {
			continue
		}
		written = true
		fmt.Fprintf(b, `\U%08x`, from)
		if to > from {
			fmt.Fprintf(b, `-\U%08x`, to)
		}
	}
	b.WriteString("]")
	return written
}
