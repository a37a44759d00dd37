package seed

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSplit reads large files in parts and as a whole, and wants the same rows in the same places.
func TestSplit(t *testing.T) {
	filler := strings.Repeat("lorem ipsum ", 20)
	rows := func(format string) string {
		var b strings.Builder
		for i := range 900 {
			fmt.Fprintf(&b, format, i, filler)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text  string
		parts bool // that the cuts are right, so that the whole need not be read
	}{
		"list":           {"# comment\nsamples:\n" + rows("  - {code: c%d, texts: [%s]}\n"), true},
		"list at margin": {"samples:\n" + rows("- code: c%d\n  texts: [%s]\n"), true},
		"mapping":        {"users:\n" + rows("  u%d:\n    email: u@example.com\n\n    # comment\n    bio: %s\n    name: x\n"), true},
		"several tables": {"tickets:\n  - title: one\nsamples: # all\n" + rows("  - {code: c%d, texts: [%s]}\n") + "users:\n" + rows("  u%d: {name: %.30s}\n"), true},
		"windows lines":  {"samples:\r\n" + rows("  - {code: c%d, texts: [%s]}\r\n"), true},
		"block text":     {"users:\n" + rows("  u%d:\n    bio: |\n      - x\n      %s\n"), true},
		"quoted text":    {"users:\n  first:\n    name: x\n  a: {bio: \"\n" + rows("  b%d:%s\n") + "  \"}\n", false},
		"brackets":       {"samples:\n  - code: x\n  - {texts: [\n" + rows("  - x%d%s,\n") + "]}\n", false},
		"anchors":        {"samples:\n  - &first {code: x}\n" + rows("  - {<<: *first, code: c%d, texts: [%s]}\n"), false},
		"tagged table":   {"users:\n  a: {name: x}\nsamples: !!seq\n" + rows("  - {code: c%d, texts: [%s]}\n"), false},
		"templates off":  {"# x\ntemplates: false # y\nsamples:\n" + rows("  - {code: 'c%d{{', texts: [%s]}\n") + "users:\n" + rows("  u%d: {name: '{{x}} %.30s'}\n"), true},
		"templates crlf": {"templates: false\r\nsamples:\r\n" + rows("  - {code: 'c%d{{', texts: [%s]}\r\n"), true},
		"templates last": {"samples:\n" + rows("  - {code: 'c%d{{', texts: [%s]}\n") + "templates: false\n", false},
		"templates next": {"templates:\n  false\nsamples:\n" + rows("  - {code: 'c%d{{', texts: [%s]}\n"), false},
		"long directive": {"include:\n" + rows("  - x%d%s\n") + "samples:\n" + rows("  - {code: c%d, texts: [%s]}\n"), true},
		"extends":        {"extends: [dev]\ninclude:\n- a\n- b\nsamples:\n" + rows("  - {code: '{{ \"c%d\" }}', texts: [%s]}\n"), true},
		"two documents":  {"samples:\n" + rows("  - {code: c%d, texts: [%s]}\n") + "---\nusers: {}\n", false},
		"mistake":        {"samples:\n" + rows("  - {code: c%d, texts: [%s]}\n") + "  - {code: 1}\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := inputs{newTables(fixtureSchema(t)), new(templates)}
			s := newSource("a.yaml", []byte(c.text))
			whole := &reader{source: s, inputs: in}
			whole.read()
			got := readSource(in, s)
			if diff := cmp.Diff(outline(whole), outline(got)); diff != "" {
				t.Errorf("the parts differ from the whole:\n%.2000s", diff)
			}
			if len(whole.rows) < 2 && len(whole.mistakes) == 0 {
				t.Errorf("read %d rows only", len(whole.rows))
			}
			if inParts := len(got.rows) > 0 && got.rows[len(got.rows)-1].source != s; inParts != c.parts {
				t.Errorf("read in parts: %t", inParts)
			}
		})
	}
}

// outline is what a reader read, and where.
func outline(r *reader) []string {
	var lines []string
	for _, row := range r.rows {
		line := fmt.Sprintf("%s %s", row.place(), row.label())
		for _, v := range row.values {
			line += fmt.Sprintf(" %d:%q", v.state, v.text)
		}
		lines = append(lines, line)
	}
	return append(lines, r.mistakes.Error())
}
