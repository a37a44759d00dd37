package migrate

import "strings"

// Ignore is a comment that silences rules: `-- +krowoc ignore RULE[, RULE]: reason`.
type Ignore struct {
	Line   int
	Rules  []string
	Reason string // empty is a mistake
}

// VerifyRule is the name under which a comment leaves its file out of verify.
const VerifyRule = "verify"

// ReadIgnores finds the comments in the lines of a file.
func ReadIgnores(lines []string) (found []Ignore) {
	for i, line := range lines {
		_, rest, ok := strings.Cut(line, DirectivePrefix+" "+IgnoreWord)
		if !ok {
			continue
		}
		list, reason, _ := strings.Cut(rest, ":")
		rules := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
		found = append(found, Ignore{Line: i + 1, Rules: rules, Reason: strings.TrimSpace(reason)})
	}
	return found
}
