package schema_test

import (
	"regexp"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

func TestPortablePattern(t *testing.T) {
	for pattern, want := range map[string]string{
		`^[a-z0-9]+([.-][a-z0-9]+)*$`: `^[0-9a-z]+(?:[\-.][0-9a-z]+)*$`,
		`a|bc?`:                       `a|bc?`,
		`^(?:a|b){2,3}$`:              `^[ab]{2,3}$`,
		`(abc|abd)x`:                  `(?:ab[cd])x`,
		`\d\w\s`:                      `[0-9][0-9A-Z_a-z][\x09\n\x0c\x0d ]`,
		`(?i)k`:                       "[Kk\u212a]",
		`.`:                           `[^\n]`,
		`\x{1F600}+é{2}`:              `😀+é{2}`,
		`a{3}/`:                       `a{3}\/`,
		`[&&~]`:                       `[\x26\x7e]`,
		`[^a-c]`:                      `[^a-c]`,
		``:                            `(?:)`,
	} {
		got, err := schema.PortablePattern(pattern)
		if err != nil || got != want {
			t.Errorf("%s is %s, not %s; %v", pattern, got, want, err)
		}
	}
	for _, pattern := range []string{`\bword\b`, `(?m)^line$`, `(`} {
		if got, err := schema.PortablePattern(pattern); err == nil {
			t.Errorf("%s is %s", pattern, got)
		}
	}
}

// What is written finds what the pattern finds.
func FuzzPortablePattern(f *testing.F) {
	for _, seed := range [][2]string{{`^[a-z]+$`, "abc"}, {`(?i)straße`, "STRASSE"}, {`[^\x00-\x{FFFF}]`, "😀"}, {`(a|b)*?c{1,2}`, "abcc"}, {`\pL`, "é"}, {`[^a]`, "\n"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return
		}
		portable, err := schema.PortablePattern(pattern)
		if err != nil {
			return
		}
		again, err := regexp.Compile(portable)
		if err != nil {
			t.Fatalf("%q became %q: %v", pattern, portable, err)
		}
		if re.MatchString(text) != again.MatchString(text) {
			t.Errorf("%q and %q differ on %q", pattern, portable, text)
		}
	})
}
