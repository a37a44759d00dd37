package dump

import (
	"strings"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/krowoc/krowoc/internal/schema"
)

// FuzzText writes texts as fixtures do, and reads them with a YAML reader.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", "a", "null", "a: b", " x", "x ", "one\ntwo\n", "\n", "a\n\n", "a\n b\n", "\ta\nb", "---\n...", "é\u00a0\u2028\ufeff", "?", "a?", "$users.ada", "1e3", "!x", "a #b\nc"} {
		f.Add(text)
	}
	field := &schema.Field{Type: schema.FieldType{Scalar: schema.String}}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return // no text of Postgres
		}
		for _, flow := range []bool{false, true} {
			written, err := yamlOf(field, text, valueIndent, flow)
			if err != nil {
				t.Fatal(err)
			}
			document := "rows:\n  - text: " + written + "\n    next: 1\n"
			if flow {
				document = "rows: [{text: [" + written + ", 1]}]\n"
			}
			var read struct {
				Rows []struct{ Text yaml.Node }
			}
			if err := yaml.Unmarshal([]byte(document), &read); err != nil {
				t.Fatalf("%q: %v\n%s", text, err, document)
			}
			got := &read.Rows[0].Text
			if flow {
				got = got.Content[0]
			}
			if got.Value != text || got.ShortTag() != "!!str" {
				t.Fatalf("%q: read %q, %s\n%s", text, got.Value, got.ShortTag(), document)
			}
		}
	})
}
