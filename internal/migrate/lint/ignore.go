package lint

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/migrate"
)

// ignore is a comment that silences rules: `-- +krowoc ignore RULE[, RULE]: reason`, above the statement or in it.
type ignore struct {
	line   int
	rules  []string
	reason string
	used   map[string]bool
}

func readIgnores(lines []string) (found []*ignore) {
	for i, line := range lines {
		_, rest, ok := strings.Cut(line, migrate.DirectivePrefix+" "+migrate.IgnoreWord)
		if !ok {
			continue
		}
		list, reason, _ := strings.Cut(rest, ":")
		ig := &ignore{line: i + 1, reason: strings.TrimSpace(reason), used: map[string]bool{}}
		for rule := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
			ig.rules = append(ig.rules, rule)
		}
		found = append(found, ig)
	}
	return found
}

// silenced reports whether a comment silences a rule for a statement. The comment is in the lines of the statement, or among
// the comments right above it.
func (f *file) silenced(rule string, s *statement) bool {
	if s == nil {
		return false
	}
	first, last := s.line, s.line+strings.Count(s.text, "\n")
	for first > 1 && strings.HasPrefix(strings.TrimSpace(f.lines[first-2]), "--") {
		first--
	}
	for _, ig := range f.ignores {
		if ig.line >= first && ig.line <= last && ig.reason != "" && slices.Contains(ig.rules, rule) {
			ig.used[rule] = true
			return true
		}
	}
	return false
}

// reported returns the findings of a file that are not ignored, in order.
func (l *linter) reported(f *file) []Finding {
	if f.released {
		return nil
	}
	for _, ig := range f.ignores {
		f.findings = append(f.findings, ig.findings()...)
	}
	var kept []Finding
	for _, finding := range f.findings {
		finding.File, finding.Guide = path.Join(l.Dir, f.Name), Guide(finding.Rule)
		if finding.Severity = l.severity(finding.Rule, f.Name); finding.Severity != Off {
			kept = append(kept, finding)
		}
	}
	slices.SortStableFunc(kept, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return kept
}

// findings returns the problems of the comment itself.
func (ig *ignore) findings() (found []Finding) {
	const form = "-- +krowoc ignore RULE: the reason"
	add := func(rule, message string) {
		found = append(found, Finding{Rule: rule, Line: ig.line, Column: 1, Message: message})
	}
	switch {
	case len(ig.rules) == 0:
		add("bad-ignore", "this comment names no rule; write `"+form+"`")
		return found
	case ig.reason == "":
		add("bad-ignore", "this comment has no reason; write `"+form+"`")
		return found
	}
	for _, rule := range ig.rules {
		if _, known := ruleOf(rule); !known {
			add("bad-ignore", fmt.Sprintf("the rule %q is unknown; %s", rule, suggestRule(rule)))
		} else if !ig.used[rule] {
			add("unused-ignore", fmt.Sprintf("%s reports nothing here; remove it from this comment", rule))
		}
	}
	return found
}
