package ddl

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/krowoc/krowoc/internal/pg/celsql"
)

// matches returns a condition that a text matches a pattern of RE2. A plain pattern has the same meaning in Postgres. Other patterns are
// translated.
func matches(column, pattern string) (string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	if PlainPattern(pattern) {
		return column + " ~ " + patternLiteral(pattern), nil
	}
	translated, ok := celsql.Pattern(re)
	if !ok {
		return "", fmt.Errorf("uses a construct that Postgres does not support")
	}
	return column + ` COLLATE "C" ~ ` + patternLiteral(translated), nil
}

// patternLiteral writes a pattern as a string with unchanged backslashes, which is correct with standard_conforming_strings on.
func patternLiteral(pattern string) string { return "'" + strings.ReplaceAll(pattern, "'", "''") + "'" }

// PlainPattern reports whether a pattern has the same meaning in RE2 and Postgres. It accepts ASCII letters, digits, character classes,
// groups, alternatives, counts and anchors. It rejects a dot, which matches a line end in only one of them, and escaped letters, which have
// different meanings.
func PlainPattern(pattern string) bool {
	class := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c < ' ' || c > '~':
			return false
		case c == '\\':
			if i++; i == len(pattern) || !strings.ContainsRune(`.+*?()[]{}|^$/-\`, rune(pattern[i])) || class {
				return false
			}
		case c == '[' && class, c == '.' && !class, c == '&' && class:
			return false
		case c == '[':
			class = true
			if strings.HasPrefix(pattern[i+1:], "]") || strings.HasPrefix(pattern[i+1:], "^]") || strings.HasPrefix(pattern[i+1:], "^") {
				return false // a negated class includes line ends and other letters
			}
		case c == ']':
			class = false
		case c == '(' && strings.HasPrefix(pattern[i+1:], "?"), c == '*' && i > 0 && strings.HasPrefix(pattern[i+1:], "?"):
			return false
		case c == '?' && i > 0 && strings.ContainsRune("*+?}", rune(pattern[i-1])) && !class:
			return false
		}
	}
	return true
}
