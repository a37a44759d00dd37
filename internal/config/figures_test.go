package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// A figure in prose: 20 rows (`graphql.defaultPageSize`).
	proseFigure = regexp.MustCompile("([0-9][0-9,.A-Za-z]*)(?: [a-z]+)* \\(`([a-z]+\\.[A-Za-z.]+)`\\)")
	// A default in a table: | `graphql.maxDepth` | 12 |.
	tableFigure = regexp.MustCompile("(?m)^\\| `([a-z]+\\.[A-Za-z.]+)` \\| ([0-9][0-9,.A-Za-z]*) \\|")
)

// Figures in the guides, written as above, are the defaults of their keys.
func TestFiguresInTheGuides(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]int{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(page)
		check := func(path, figure string) {
			i := slices.IndexFunc(keys, func(k Key) bool { return k.Path == path })
			switch {
			case i < 0:
				t.Errorf("%s gives a figure for %s, which is not a key", name, path)
			case strings.ReplaceAll(figure, ",", "") != keys[i].Default:
				t.Errorf("%s says that %s is %s; the default is %s", name, path, figure, keys[i].Default)
			}
			checked[name]++
		}
		for _, m := range proseFigure.FindAllStringSubmatch(string(text), -1) {
			check(m[2], m[1])
		}
		for _, m := range tableFigure.FindAllStringSubmatch(string(text), -1) {
			check(m[1], m[2])
		}
	}
	if checked["api.md"] != 10 {
		t.Errorf("%d figures of api.md were checked, want 10", checked["api.md"])
	}
}
