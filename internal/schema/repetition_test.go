package schema_test

import (
	"regexp/syntax"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
)

func parsed(t *testing.T, pattern string) *syntax.Regexp {
	t.Helper()
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	return re
}

func TestCheckRepetitions(t *testing.T) {
	for pattern, ok := range map[string]bool{
		`^[a-z]{1,255}$`: true, `a{255,}`: true, `(?:a{200}){4}`: true, `x`: true,
		`^[a-z]{1,256}$`: false, `a{256,}`: false, `b|(c(?:a{300})?)`: false, `a{1000}`: false,
	} {
		if err := schema.CheckRepetitions(parsed(t, pattern)); (err == nil) != ok {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func TestExplosive(t *testing.T) {
	for pattern, want := range map[string]bool{
		`^(a+)+$`: true, `(a*)*`: true, `^([a-z]+)*[0-9]$`: true, `^(\w+\s?)*$`: true, `^(a|ab|b)*$`: true,
		`^([a-z]{1,200})+$`: true, `^(.*,)*x$`: true, `(a?b?)*c`: true, `^(([a-z])+.)+[A-Z]([a-z])+$`: true,
		`^[a-z0-9]+(?:[.-][a-z0-9]+)*$`: false, `^(?:[a-z]+,)*[a-z]+$`: false, `^a+b+$`: false, `^(?:ab|cd)+$`: false, `^[a-z]{1,200}$`: false,
		`^(?:\d+;){3}$`: false, `^\+[1-9]\d{1,14}$`: false, `^(?:one|two|three)$`: false, `^(?:/[a-z]+)+/?$`: false, `(?i)^(a|b)+$`: false, ``: false,
		`^(?:\d{4})+$`: false, `^(?:[0-9a-f]{2}){3,}$`: false, `^([A-Z]{5,5})*$`: false,
		`^(?:a|a)+$`: false, `(?i)^(a|A)+$`: false, // the parser has one class for both
	} {
		if got := schema.Explosive(parsed(t, pattern)); got != want {
			t.Errorf("%s: %t", pattern, got)
		}
	}
	for _, f := range schema.Formats {
		if schema.Explosive(parsed(t, f.Pattern())) {
			t.Errorf("the pattern of %s", f)
		}
	}
}
