package lint

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/migrate"
)

// ignore is a comment that silences rules, above the statement or in it.
type ignore struct {
	migrate.Ignore
	used map[string]bool
}

func readIgnores(lines []string) (found []*ignore) {
	for _, ig := range migrate.ReadIgnores(lines) {
		found = append(found, &ignore{ig, map[string]bool{migrate.VerifyRule: true}}) // which verify uses
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
		isAtStatement := (first <= ig.Line) && (ig.Line <= last)
		if isAtStatement && (ig.Reason != "") && slices.Contains(ig.Rules, rule) {
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
		found = append(found, Finding{Rule: rule, Line: ig.Line, Column: 1, Message: message})
	}
	switch {
	case len(ig.Rules) == 0:
		add("bad-ignore", "this comment names no rule; write `"+form+"`")
		return found
	case ig.Reason == "":
		add("bad-ignore", "this comment has no reason; write `"+form+"`")
		return found
	}
	for _, rule := range ig.Rules {
		if _, known := ruleOf(rule); !known && rule != migrate.VerifyRule {
			add("bad-ignore", fmt.Sprintf("the rule %q is unknown; %s", rule, suggestRule(rule)))
		} else if !ig.used[rule] {
			add("unused-ignore", fmt.Sprintf("%s reports nothing here; remove it from this comment", rule))
		}
	}
	return found
}
