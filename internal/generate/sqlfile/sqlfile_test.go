package sqlfile_test

import (
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/sqlfile"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// The file is the whole database: an empty one takes it as it is, extensions and functions included.
func TestFileRuns(t *testing.T) {
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: `
enum Mood { SAD HAPPY }
type Note @table @index(fields: ["mood"]) @auth(rules: []) { text: String! mood: Mood! @default(value: HAPPY) parent: Note }`})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(mistakes)
	}
	files, err := sqlfile.Target().Files(generate.Input{Project: "shop", Schema: s})
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	text := string(files[0].Content)
	if strings.Contains(text, "\n\n\n") || !strings.HasSuffix(text, ";\n") {
		t.Errorf("gaps are uneven:\n%s", text)
	}
	db := testkit.NewDatabase(t)
	testkit.Exec(t, db, text)
	testkit.Exec(t, db, "INSERT INTO notes (text) VALUES ('first')")
	if got := testkit.Value(t, db, "SELECT mood || ' ' || text FROM notes"); got != "HAPPY first" {
		t.Error(got)
	}
}
