package config

import (
	"maps"
	"testing"
)

func TestParseDotenv(t *testing.T) {
	variables, mistakes := parseDotenv(".env", "\uFEFFA=1\r\n# note\n\n export B = two words # note \nC='it is $raw \\n # here'\n"+
		`D="a\tb\n\"q\" \\ \$ \x" # note`+"\nE=\nF=a#b\nA=3\nG=\"\"\nH='ü'")
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	got := map[string]string{}
	for name, v := range variables {
		got[name] = v.value
	}
	want := map[string]string{"A": "3", "B": "two words", "C": `it is $raw \n # here`, "D": "a\tb\n\"q\" \\ $ \\x", "E": "", "F": "a#b", "G": "", "H": "ü"}
	if !maps.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if variables["A"].line != 9 {
		t.Errorf("A is in line %d", variables["A"].line)
	}
}

func FuzzParseDotenv(f *testing.F) {
	for _, seed := range []string{"A=1", "export A='x'", `A="\`, "=", "A", "'\"", "A='\xff'", `B="\` + "\u00fc" + `"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		variables, mistakes := parseDotenv(".env", text)
		for name := range variables {
			if !variableName.MatchString(name) {
				t.Errorf("%q is no name", name)
			}
		}
		for _, d := range mistakes {
			if d.Line < 1 || d.Message == "" {
				t.Errorf("a mistake without place or message: %v", d)
			}
		}
	})
}
