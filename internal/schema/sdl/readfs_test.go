package sdl_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema/sdl"
)

func TestReadFS(t *testing.T) {
	fsys := fstest.MapFS{
		"schema.graphql":       {Data: []byte("one")},
		"schema/b.graphql":     {Data: []byte("b")},
		"schema/a.graphql":     {Data: []byte("a")},
		"schema/sub/c.graphql": {Data: []byte("c")},
		"schema/README.md":     {Data: []byte("no")},
		"empty/README.md":      {Data: []byte("no")},
	}
	for path, want := range map[string]string{
		"schema.graphql":   "schema.graphql=one",
		"./schema.graphql": "schema.graphql=one",
		"schema":           "schema/a.graphql=a schema/b.graphql=b schema/sub/c.graphql=c",
		"schema/":          "schema/a.graphql=a schema/b.graphql=b schema/sub/c.graphql=c",
		"schema/*.graphql": "schema/a.graphql=a schema/b.graphql=b",
	} {
		sources, err := sdl.ReadFS(fsys, path)
		var got []string
		for _, s := range sources {
			got = append(got, s.Name+"="+s.Text)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, %v", path, got, err)
		}
	}
	for path, want := range map[string]string{
		"types.graphql": `read the schema types.graphql: "types.graphql" does not exist`,
		"empty":         "read the schema empty: no .graphql files found",
		"types/*":       "read the schema types/*: no .graphql files found",
		"[":             "read the schema [: invalid glob pattern",
	} {
		_, err := sdl.ReadFS(fsys, path)
		if err == nil || err.Error() != want || fault.HintOf(err) == "" {
			t.Errorf("%s: got %v", path, err)
		}
	}
}
