package config

import (
	"strings"

	"github.com/krowoc/krowoc/internal/diag"
)

// dotenvVariable is one assignment of a .env file.
type dotenvVariable struct {
	value string
	line  int
}

// parseDotenv reads NAME=value lines, with an optional export, # comments, literal 'single quotes', and "double quotes" with the
// escapes \n, \t, \", \$ and \\. The last assignment of a name wins.
func parseDotenv(file, text string) (map[string]dotenvVariable, diag.List) {
	variables, mistakes := map[string]dotenvVariable{}, diag.List(nil)
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		number++
		body := strings.TrimSpace(line)
		if body == "" || body[0] == '#' {
			continue
		}
		// The line itself is not shown: it may contain a secret.
		bad := func(message, remedy string) {
			mistakes = append(mistakes, diag.Diagnostic{Severity: diag.Error, Code: "dotenv-syntax",
				Position: diag.Position{File: file, Line: number}, Message: message, Remedy: remedy})
		}
		if rest, ok := strings.CutPrefix(body, "export "); ok {
			body = strings.TrimSpace(rest)
		}
		name, raw, ok := strings.Cut(body, "=")
		name = strings.TrimSpace(name)
		switch {
		case !ok || !variableName.MatchString(name):
			bad("not an assignment", "write NAME=value, or start the line with # to comment it out")
			continue
		case name == EnvironmentVariable:
			bad(EnvironmentVariable+" has no effect here: .env is only read in development",
				"set it in the shell, or use --env")
			continue
		}
		value, problem := dotenvValue(strings.TrimSpace(raw))
		if problem != "" {
			bad(problem, "")
			continue
		}
		variables[name] = dotenvVariable{value, number}
	}
	return variables, mistakes
}

// dotenvValue returns the value after the =, or the problem with it.
func dotenvValue(raw string) (value, problem string) {
	if raw == "" {
		return "", ""
	}
	quote := raw[0]
	if quote != '"' && quote != '\'' {
		if i := strings.Index(raw, " #"); i >= 0 {
			raw = raw[:i]
		}
		return strings.TrimSpace(raw), ""
	}
	var b strings.Builder
	for i := 1; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == quote:
			rest := strings.TrimSpace(raw[i+1:])
			if rest != "" && rest[0] != '#' {
				return "", "unexpected text after the closing quote"
			}
			return b.String(), ""
		case c == '\\' && quote == '"' && i+1 < len(raw):
			i++
			b.WriteString(unescape(raw[i]))
		default:
			b.WriteByte(c)
		}
	}
	return "", "unterminated quote"
}

func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case '"', '\\', '$':
		return string(c)
	}
	return string([]byte{'\\', c})
}
