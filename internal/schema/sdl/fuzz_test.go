package sdl_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// FuzzParse looks for panics, for diagnostics that point outside the source, and for schemas that do not
// read back as they were printed.
func FuzzParse(f *testing.F) {
	for _, tc := range mistakes {
		f.Add(strings.Replace(tc.source, "‸", "", 1))
	}
	f.Add(read(f, "testdata/ten-mistakes.graphql"))
	f.Add(read(f, "testdata/valid/platform.graphql"))
	f.Add(read(f, "testdata/valid/through.graphql"))
	f.Add(sdl.Directives())
	f.Add("\uFEFFtype A @table {\r\n  a: Int\r  b: Strng \"\"\" \U0001F600 }\n")
	f.Fuzz(func(t *testing.T, text string) { checkAnything(t, text) })
}

// checkAnything parses a text that may be anything and checks what holds for all texts.
func checkAnything(t *testing.T, text string) {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\uFEFF")), "\n")
	for _, d := range list {
		if d.Line < 1 || d.Line > len(lines) || d.Column < 1 || d.Column > len([]rune(lines[d.Line-1]))+1 {
			t.Fatalf("outside the source: %s", d)
		}
		if d.Source != lines[d.Line-1] || d.Message == "" || d.Remedy == "" {
			t.Fatalf("incomplete: %+v", d)
		}
		_ = d.String()
	}
	if (s == nil) != (list.Errors() > 0) {
		t.Fatalf("schema %v with %d errors", s != nil, list.Errors())
	}
	if s != nil {
		roundTrip(t, text)
	}
}
