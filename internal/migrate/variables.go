package migrate

import (
	"path"
	"strings"

	"github.com/mfridman/interpolate"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/pg/sqltext"
)

// environment looks up the variables of goose's ENVSUB.
type environment func(name string) (string, bool)

// Get implements interpolate.Env.
func (e environment) Get(name string) (string, bool) { return e(name) }

// expandForReading expands a line where a variable may be missing: it becomes its default, or else its name.
func (e environment) expandForReading(line string) string {
	parts, err := interpolate.NewParser(line).Parse()
	if err != nil {
		return line
	}
	var out strings.Builder
	for _, part := range parts {
		if part.Expansion == nil {
			out.WriteString(part.Text)
			continue
		}
		name := part.Expansion.Identifiers()[0]
		switch part.Expansion.(type) {
		case interpolate.EmptyValueExpansion, interpolate.UnsetValueExpansion:
		default:
			if _, set := e(name); !set {
				out.WriteString(name)
				continue
			}
		}
		expanded, err := part.Expansion.Expand(e)
		if err != nil {
			expanded = name
		}
		out.WriteString(expanded)
	}
	return out.String()
}

// substitute returns the statements of one direction with the values of their variables.
func (f *file) substitute(dir string, d Direction, env environment) ([]string, error) {
	var mistakes diag.List
	statements := f.script.statements(d)
	sent := make([]string, len(statements))
	for i, s := range statements {
		lines := strings.Split(s.text, "\n")
		for j, line := range lines {
			if !s.envsub[j] {
				continue
			}
			expanded, err := interpolate.Interpolate(env, line)
			if err != nil {
				mistakes = append(mistakes, f.mistake(dir, s.lines[j], err.Error(), "set the variable, or add a default: ${NAME:-…}"))
			}
			lines[j] = expanded
		}
		if sent[i] = strings.Join(lines, "\n"); !sqltext.Closed(sent[i]) || strings.ContainsRune(sent[i], 0) {
			mistakes = append(mistakes, f.mistake(dir, s.lines[0], "a string, quoted name or comment of this statement has no end", "end it"))
		}
	}
	return sent, mistakes.Err("read " + path.Join(dir, f.name))
}
