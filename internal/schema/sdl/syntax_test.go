package sdl_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// places renders a list as "file:line:column code" lines, without warnings.
func places(sources ...sdl.Source) string {
	_, list := sdl.Parse(sources...)
	var b strings.Builder
	for _, d := range list {
		if d.Severity == "error" {
			fmt.Fprintf(&b, "%s:%d:%d %s\n", d.File, d.Line, d.Column, d.Code)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestOneSlipHidesNoOther(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"two syntax errors and one of meaning": {`
type A @table {
  a String
}

"Described."
type B @table {
  a: A
  b: Strng
}

enum C { ONE, TWO

"""
type D in a description
"""
type E @table { c: C }
`, "f:3:5 syntax\nf:9:6 unknown-type\nf:14:1 syntax"},
		"a missing brace":            {"type A @table {\n  a: Int\n\ntype B @table { b: Strng }\n", "f:4:1 syntax\nf:4:20 unknown-type"},
		"an unterminated string":     {"type A @table { a: Int @col(name: \"x) }\ntype B @table { b: Strng }", "f:1:35 syntax\nf:2:20 unknown-type"},
		"an unterminated block":      {"type B @table { b: Strng }\n\"\"\"\nnever closed\ntype A @table { a: Int }\n", "f:1:20 unknown-type\nf:2:1 syntax"},
		"text before the first type": {"hello\ntype B @table { b: Strng }", "f:1:1 syntax\nf:2:20 unknown-type"},
		"nothing but text":           {"hello", "f:1:1 syntax"},
		"a character of no use":      {"type A @table { a: Int } %\n", "f:1:26 syntax"},
		"CRLF":                       {"type A @table {\r\n  a: Strng\r\n  b: Flot\r\n}\r\n", "f:2:6 unknown-type\nf:3:6 unknown-type"},
		"lone CR":                    {"type A @table {\r  a: Strng\r}", "f:2:6 unknown-type"},
		"a byte order mark":          {"\uFEFFtype A @table { a: Strng }", "f:1:20 unknown-type"},
		"wide characters":            {"\"é\U0001F600\" type A @table { a: Strng }", "f:1:25 unknown-type"},
		"invalid UTF-8":              {"type A @table { a: Int } # \xff\xfe\n type B @table { b: Strng }", "f:2:21 unknown-type"},
		"empty":                      {"", ""},
	} {
		if got := places(sdl.Source{Name: "f", Text: tc.text}); got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, tc.want)
		}
	}
}

// A character that no token has is shown whole, at its place.
func TestStrayCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"type Caf\u00e9 @table { a: Int }":    "1:9 \"\u00e9\"",
		"type Cafe\u0301 @table { a: Int }":   "1:10 \"e\u0301\"",
		"type A @table { \U0001F600: Int }":   "1:17 \"\U0001F600\"",
		"type A @table {\n a: Int \u2013 b }": "2:9 \"\u2013\"",
		"type A @table {\n a:\u00a0Int }":     "2:4 U+00A0",
		"type \u0424 @table { a: Int }":       "1:6 \"\u0424\"",
		"\xff\xfetype A @table { a: Int }":    "1:1 not UTF-8",
		"type A @table { a: Int } \x80":       "1:26 not UTF-8",
		"enum A @enum(name: \"\xad\") { A }":  "1:20 not UTF-8",
		"\"\"\"\xe9\"\"\" enum A { A }":       "1:1 not UTF-8",
	} {
		_, list := sdl.Parse(sdl.Source{Name: "f", Text: text})
		place, says, _ := strings.Cut(want, " ")
		if len(list) == 0 || !strings.Contains(list[0].Message, says) || fmt.Sprintf("%d:%d", list[0].Line, list[0].Column) != place {
			t.Errorf("%q: %v, want %s", text, list, want)
		}
	}
}

func TestSeveralSources(t *testing.T) {
	got := places(
		sdl.Source{Name: "b", Text: "type B @table { a: A! }\ntype B @table { a: A! }"},
		sdl.Source{Name: "a", Text: "type A @table { bs: [B!]! c: C }"},
	)
	if want := "b:2:6 duplicate-name\na:1:30 unknown-type"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A mistake inside an expression is shown where it stands in the file, whatever the literal does.
func TestPlacesInsideStrings(t *testing.T) {
	for name, literal := range map[string]string{
		"plain":       `"this.a == ‸b"`,
		"escapes":     `"this.a == \"\u00e9\\\\\" || ‸b"`,
		"braces":      `"this.a == '\u{1F600}' || ‸b"`,
		"wide":        `"this.a == 'é😀' || ‸b"`,
		"block":       "\"\"\"\n      this.a == 'x' ||\n\n        ‸b\n    \"\"\"",
		"block, CRLF": "\"\"\"\r\n      this.a == 'x' ||\r\n        ‸b\r\n    \"\"\"",
		"one line":    `"""  this.a == "x" || ‸b """`,
	} {
		before, after, _ := strings.Cut("type A @table @check(expr: "+literal+") { a: String! }", "‸")
		before, after = strings.ReplaceAll(before, "\r\n", "\n"), strings.ReplaceAll(after, "\r\n", "\n")
		line := strings.Count(before, "\n") + 1
		column := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
		text := before + after
		if strings.Contains(literal, "\r\n") {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		if got, want := places(sdl.Source{Name: "f", Text: text}), fmt.Sprintf("f:%d:%d invalid-expression", line, column); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
