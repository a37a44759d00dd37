package config

import (
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// badReference is an error about a ${…} that cannot be replaced, with the text of the reference.
type badReference struct{ reference, message, remedy string }

func (e *badReference) Error() string { return e.message }

// interpolate replaces ${NAME} and ${NAME:-default} by the value of the variable, and $$ by $. As in a shell, the default applies
// when the variable is unset or empty. Values are not interpolated again. It reports whether the text contains a reference; its
// error is a *badReference.
func interpolate(text string, lookup func(string) (string, bool)) (out string, found bool, err error) {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 || i == len(text)-1 {
			b.WriteString(text)
			return b.String(), found, nil
		}
		b.WriteString(text[:i])
		switch text = text[i:]; text[1] {
		case '$':
			b.WriteByte('$')
			text, found = text[2:], true
		case '{':
			end := strings.IndexByte(text, '}')
			if end < 0 {
				return "", true, &badReference{"${", "unterminated ${", "close it with }, or write $${ for a literal ${"}
			}
			value, err := resolve(text[:end+1], lookup)
			if err != nil {
				return "", true, err
			}
			b.WriteString(value)
			text, found = text[end+1:], true
		default:
			b.WriteByte('$')
			text = text[1:]
		}
	}
}

// resolve returns the value of one ${…}.
func resolve(reference string, lookup func(string) (string, bool)) (string, error) {
	name, fallback, hasFallback := strings.Cut(reference[2:len(reference)-1], ":-")
	if !variableName.MatchString(name) {
		return "", &badReference{reference, fmt.Sprintf("invalid variable reference %s", reference),
			"write ${NAME} or ${NAME:-default}, or $${ for a literal ${"}
	}
	value, set := lookup(name)
	switch {
	case set && (value != "" || !hasFallback):
		return value, nil
	case hasFallback:
		return fallback, nil
	}
	return "", &badReference{reference, fmt.Sprintf("environment variable %q is not set", name),
		fmt.Sprintf("set %s, or write a default: ${%s:-…}", name, name)}
}
