package config

import (
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// badReference is a ${…} that cannot be replaced, with the text of the reference itself.
type badReference struct{ reference, message, remedy string }

func (e *badReference) Error() string { return e.message }

// interpolate replaces ${NAME} and ${NAME:-default} by what lookup finds, and $$ by $. The default is
// taken when the variable is unset or empty, as in a shell. What is put in is never looked at again.
// It reports whether the text held any reference; its error is a *badReference.
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
				return "", true, &badReference{"${", "a ${ without its }", "close it with }, or write $${ for the characters themselves"}
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

// resolve returns what one ${…} stands for.
func resolve(reference string, lookup func(string) (string, bool)) (string, error) {
	name, fallback, hasFallback := strings.Cut(reference[2:len(reference)-1], ":-")
	if !variableName.MatchString(name) {
		return "", &badReference{reference, fmt.Sprintf("%s does not name a variable", reference),
			"write ${NAME} or ${NAME:-default}, or $${ for the characters themselves"}
	}
	value, set := lookup(name)
	switch {
	case set && (value != "" || !hasFallback):
		return value, nil
	case hasFallback:
		return fallback, nil
	}
	return "", &badReference{reference, fmt.Sprintf("the variable %s is not set", name),
		fmt.Sprintf("set %s, or give a default: ${%s:-…}", name, name)}
}
