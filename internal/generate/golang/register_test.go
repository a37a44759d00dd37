package golang

import (
	"bytes"
	"go/format"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

// Only what pgx must know is registered, and without enums in a file of its own.
func TestRegisterTypes(t *testing.T) {
	for _, test := range []struct{ text, file, want string }{
		{`type A @table { a: String b: String @col(dataType: "citext") c: String @col(dataType: "varchar(3)[]") }`, "", ""},
		{`type A @table { a: String @col(dataType: "inet") b: [String] @col(dataType: "bit varying(3)[]") c: String @col(dataType: "integer[][]") d: String @col(dataType: "inet") }`,
			"register.go", `[]string{"inet", "_varbit", "_int4"}`},
		{`enum E { A } type A @table { e: E }`, "enums.go", `[]string{"e", "_e"}`},
		{`enum E @enum(name: "` + strings.Repeat("é", 31) + `") { A @value(name: "a") } type A @table { e: E }`, "enums.go", `"_` + strings.Repeat("é", 31) + `"}`},
		{`enum E @enum(name: "` + strings.Repeat("é", 31) + `e") { A } type A @table { e: E }`, "enums.go", `"_` + strings.Repeat("é", 31) + `"}`},
	} {
		s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: test.text})
		if mistakes.Errors() > 0 {
			t.Fatal(mistakes)
		}
		list, err := files(generate.Input{Schema: s, Out: "models"})
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, f := range list {
			if !bytes.Contains(f.Content, []byte("func RegisterTypes(")) {
				continue
			}
			found = f.Name
			if formatted, err := format.Source(f.Content); err != nil || !bytes.Equal(formatted, f.Content) || !bytes.Contains(f.Content, []byte(test.want)) {
				t.Errorf("%s: %v\n%s", test.text, err, f.Content)
			}
		}
		if found != test.file {
			t.Errorf("%s: %q", test.text, found)
		}
	}
}
