package sdl_test

import (
	"os"
	"testing"

	"github.com/krowoc/krowoc/internal/schema"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

func parse(t *testing.T, text string) *schema.Schema {
	t.Helper()
	s, list := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if list.Errors() > 0 {
		t.Fatalf("%s", list.Error())
	}
	return s
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
