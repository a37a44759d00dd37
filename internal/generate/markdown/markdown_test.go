package markdown_test

import (
	"os"
	"testing"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/markdown"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestDictionary(t *testing.T) {
	text, err := os.ReadFile("testdata/shop.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: string(text)})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(mistakes)
	}
	files, err := markdown.Target().Files(generate.Input{Project: "shop", Schema: s})
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	testkit.Golden(t, "testdata/shop.md", files[0].Content)
}
