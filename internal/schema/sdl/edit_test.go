package sdl_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/schema/sdl"
)

const edited = `# type Note { in a comment }
"type Note { in a description }"
type Noteworthy @table { x: Int }

"""
A note. \""" type Note {
"""
type Note
  @table(key: ["id"]) # } a brace
  @auth(rules: [{ allow: PUBLIC, where: "this.id == '}'" }]) {
  id: String!
  "Ends. }"
  title: String! @default(value: "}") # last
}

type Short @table @auth(rules: []) { a: Int }
`

func TestEdit(t *testing.T) {
	for name, tt := range map[string]struct {
		edit     func() (string, bool)
		old, new string
	}{
		"field": {
			func() (string, bool) { return sdl.AddField(edited, "Note", "body: String") },
			"# last\n}", "# last\n  body: String\n}",
		},
		"field of a line": {
			func() (string, bool) { return sdl.AddField(edited, "Short", "b: Int") },
			"{ a: Int }", "{ a: Int b: Int }",
		},
		"index": {
			func() (string, bool) { return sdl.AddIndex(edited, "Note", []string{"title", "id"}) },
			`["id"]) # }`, "[\"id\"])\n  @index(fields: [\"title\", \"id\"]) # }",
		},
		"index of a line": {
			func() (string, bool) { return sdl.AddIndex(edited, "Short", []string{"a"}) },
			"Short @table @auth", `Short @table @index(fields: ["a"]) @auth`,
		},
		"type": {
			func() (string, bool) { return sdl.AddType(edited, "More", []string{"a: Int", "b: Note!"}), true },
			"{ a: Int }\n", "{ a: Int }\n\ntype More @table @auth(rules: [{ allow: AUTHENTICATED, operations: [READ] }]) {\n  a: Int\n  b: Note!\n}\n",
		},
	} {
		got, ok := tt.edit()
		if want := strings.Replace(edited, tt.old, tt.new, 1); !ok || got != want {
			t.Errorf("%s: %t\n%s", name, ok, got)
		}
	}
	for _, typeName := range []string{"Not", "in", "Other"} {
		if _, ok := sdl.AddField(edited, typeName, "a: Int"); ok {
			t.Errorf("%s is there", typeName)
		}
	}
	for text, want := range map[string]string{"text:String!": "text: String!", "tags: [String!]!": "tags: [String!]!", "a": "", "a:b c": "", "1:Int": "", "a:[Int": ""} {
		if got, err := sdl.Field(text); (got != want && err == nil) || (got == "" && want != "") {
			t.Errorf("%s is %q, %v", text, got, err)
		}
	}
}

// Whatever is added to whatever, nothing is lost and nothing panics.
func FuzzAddField(f *testing.F) {
	f.Add(edited, "Note")
	f.Add(`type A { """ `, "A")
	f.Add(`type A { "\`, "A")
	f.Fuzz(func(t *testing.T, document, typeName string) {
		got, ok := sdl.AddField(document, typeName, "zzz: Int")
		if !ok && got != document {
			t.Errorf("%q became %q", document, got)
		}
		sdl.AddIndex(document, typeName, []string{"a"})
	})
}
