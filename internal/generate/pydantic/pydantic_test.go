package pydantic_test

import (
	"os"
	"strings"
	"testing"

	"github.com/krowoc/krowoc/internal/generate"
	"github.com/krowoc/krowoc/internal/generate/pydantic"
	"github.com/krowoc/krowoc/internal/schema/sdl"
	"github.com/krowoc/krowoc/internal/testkit"
)

func model(t *testing.T, text, name string) string {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(mistakes)
	}
	out, err := generate.One(pydantic.Target(), generate.Input{Project: "shop", Schema: s}, name)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestModel(t *testing.T) {
	text, err := os.ReadFile("testdata/shop.graphql")
	if err != nil {
		t.Fatal(err)
	}
	out := model(t, string(text), "Item")
	if strings.Contains(out, "import ") || strings.Contains(out, "def _and") {
		t.Error("the code of one type contains the runtime")
	}
	out = strings.TrimLeft(out, "\n")
	testkit.Golden(t, "testdata/item.py.golden", []byte(out))
}

func TestNamesThatPythonHasAlready(t *testing.T) {
	out := model(t, `type None @table @auth(rules: []) { class: String copy: Int plain: Boolean }`, "None")
	for _, wrong := range []string{"class None(", " class:", " copy:"} {
		if strings.Contains(out, wrong) {
			t.Errorf("%q is written:\n%s", wrong, out)
		}
	}
	for _, right := range []string{`validation_alias="class"`, `serialization_alias="copy"`, "plain: "} {
		if !strings.Contains(out, right) {
			t.Errorf("%q is missing:\n%s", right, out)
		}
	}
}
