package term_test

import (
	"testing"

	"github.com/krowoc/krowoc/internal/cli/term"
)

// What a hostile client may send, and what a terminal gets of it.
var hostile = map[string]string{
	"a\x1b[2Jb":             "ab",
	"a\x1b]0;title\x07b":    "ab",
	"a\x1b]52;c;cHdu\x1b\\": "a",
	"a\u009b31mb":           "a31mb",
	"a\rb\x00\x08\x7f":      "ab",
	"a\u202eb\u2066c":       "abc",
	"Ärger\tüber\r\nx":      "Ärger über x",
	"\xff":                  "\uFFFD",
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range hostile {
		if got := term.Plain(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := term.PlainLines("a\x1b[2J\n\tb\n"); got != "a\n b\n" {
		t.Errorf("lines become %q", got)
	}
}

// No cell of a table contains control sequences other than those of its style.
func TestTablesAreClean(t *testing.T) {
	t.Parallel()
	for text, want := range hostile {
		terminal, out, _ := term.Test(nil)
		table := terminal.NewTable("A", "B")
		table.Row(text, term.Cell{Text: text})
		if err := table.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want+"\t"+want+"\n" {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}
