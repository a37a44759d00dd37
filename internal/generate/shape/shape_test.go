package shape_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/generate/shape"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

func types(t *testing.T, text string) []shape.Type {
	t.Helper()
	s, mistakes := sdl.Parse(sdl.Source{Name: "schema.graphql", Text: text})
	if err := mistakes.Err("parse"); err != nil {
		t.Fatal(mistakes)
	}
	return shape.Of(s)
}

// describe writes what a create and a patch see of each field.
func describe(typ shape.Type) (lines []string) {
	for _, f := range typ.Fields {
		var marks []string
		for _, mark := range []struct {
			name string
			set  bool
		}{
			{"nullable", f.Nullable}, {"optional", f.Optional}, {"fixed", f.Fixed}, {"read-only", f.ReadOnly}, {"list", f.List()},
			{"null elements", f.NullableElements()}, {"reference", f.Reference()}, {"null in create", f.NullInCreate()},
		} {
			if mark.set {
				marks = append(marks, mark.name)
			}
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", f.Name, f.Column, strings.Join(marks, ", ")))
	}
	return lines
}

func TestFieldsOfARow(t *testing.T) {
	list := types(t, `
type Shop @table(key: ["country", "number"]) @auth(rules: []) { country: String! number: Int! items: [Item!]! }
type Item @table @auth(rules: []) {
  shop: Shop!
  name: String!
  note: String
  count: Int! @default(value: 1)
  tags: [String]
  double: Int @generated(expr: "this.count * 2")
}`)
	want := map[string][]string{
		"Shop": {"country country: fixed", "number number: fixed"},
		"Item": {
			"id id: optional, fixed", "shopCountry shop_country: reference", "shopNumber shop_number: reference", "name name: ",
			"note note: nullable, optional, null in create", "count count: optional",
			"tags tags: nullable, optional, list, null elements, null in create", "double double: nullable, optional, fixed, read-only",
		},
	}
	for _, typ := range list {
		if diff := cmp.Diff(want[typ.Name], describe(typ)); diff != "" {
			t.Errorf("%s:\n%s", typ.Name, diff)
		}
	}
}

func TestPatternsAreThoseOfTheFieldAndItsFormat(t *testing.T) {
	typ := types(t, `type T @table @auth(rules: []) { slug: String @format(type: slug) @pattern(regex: "^a") owner: T }`)[0]
	for _, f := range typ.Fields {
		patterns, err := f.Patterns()
		if err != nil {
			t.Fatal(err)
		}
		switch want := map[string]int{"slug": 2}[f.Name]; {
		case len(patterns) != want:
			t.Errorf("%s has %d patterns, not %d", f.Name, len(patterns), want)
		case want == 2 && (patterns[0].Of != "" || patterns[1].Of != "slug"):
			t.Errorf("%+v", patterns)
		}
	}
}
