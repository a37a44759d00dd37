package diag_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/diag"
	"github.com/krowoc/krowoc/internal/fault"
)

func TestString(t *testing.T) {
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "unknown-directive", Width: 6,
		Position: diag.Position{File: "schema.graphql", Line: 12, Column: 10},
		Source:   "\ttitle: S @uniqe", Message: "unknown directive @uniqe", Remedy: "did you mean @unique?",
	}
	d.Column = 11
	want := `schema.graphql:12:11: error: unknown directive @uniqe
   12 |  title: S @uniqe
      |           ^^^^^^
      = did you mean @unique?`
	if got := d.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSnippetOfALongLineKeepsTheMistakeInView(t *testing.T) {
	d := diag.Diagnostic{Source: strings.Repeat("x", 500) + "HERE" + strings.Repeat("y", 500), Width: 4}
	d.Line, d.Column = 1, 501
	source, caret := d.Snippet()
	at := strings.IndexByte(caret, '^')
	if got := string([]rune(source)[at : at+4]); got != "HERE" || len([]rune(source)) > 125 {
		t.Errorf("caret is under %q of %d runes", got, len([]rune(source)))
	}
}

func TestErr(t *testing.T) {
	if err := (diag.List{{Severity: diag.Warning}}).Err("read"); err != nil {
		t.Errorf("a warning is no error: %v", err)
	}
	err := diag.List{{Severity: diag.Error}, {Severity: diag.Error}}.Err("check schema.graphql")
	if fault.CodeOf(err) != fault.Invalid || err.Error() != "check schema.graphql: 2 mistakes" {
		t.Errorf("got %v", err)
	}
}

func TestSuggest(t *testing.T) {
	names := []string{"title", "owner", "createdAt", "production", "professional"}
	for word, want := range map[string]string{"tilte": "title", "Owner": "owner", "created_at": "createdAt", "zzz": "", "": "", "produ": "production", "pro": "", "p": ""} {
		if got := diag.Suggest(word, names); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 files", 1: "1 file", 2: "2 files"} {
		if got := diag.Count(n, "file"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
