package change

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/app"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/schema"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// brokenOperations returns the operations that are valid in the API of the old schema and invalid in that of the new one.
func brokenOperations(a *app.App, before, after *schema.Schema, patterns []string) ([]BrokenOperation, error) {
	broken := []BrokenOperation{}
	files, err := operationFiles(a, patterns)
	if err != nil || len(files) == 0 {
		return broken, err
	}
	was, err := a.APISchema(before)
	if err != nil {
		return nil, err
	}
	is, err := a.APISchema(after)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(a.Config.Path(filepath.FromSlash(file)))
		if err != nil {
			return nil, fault.Wrap("read the operations", err)
		}
		if len(mistakesOf(was, string(text))) > 0 {
			continue // it was invalid before
		}
		for _, m := range mistakesOf(is, string(text)) {
			b := BrokenOperation{File: file, Message: m.Message}
			if len(m.Locations) > 0 {
				b.Line, b.Column = m.Locations[0].Line, m.Locations[0].Column
			}
			broken = append(broken, b)
		}
	}
	return broken, nil
}

func mistakesOf(api *ast.Schema, text string) gqlerror.List {
	_, err := gqlparser.LoadQueryWithRules(api, text, nil)
	return err
}

// operationFiles returns the files below the project's folder that match patterns.
func operationFiles(a *app.App, patterns []string) (files []string, err error) {
	var matchers []*regexp.Regexp
	for _, p := range patterns {
		expression := strings.NewReplacer(`\*\*/`, `(?:.*/)?`, `\*\*`, `.*`, `\*`, `[^/]*`, `\?`, `[^/]`).Replace(regexp.QuoteMeta(path.Clean(filepath.ToSlash(p))))
		matchers = append(matchers, regexp.MustCompile("^"+expression+"$"))
	}
	if len(matchers) == 0 {
		return nil, nil
	}
	err = fs.WalkDir(os.DirFS(a.Config.Root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == ".krowoc"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		if slices.ContainsFunc(matchers, func(m *regexp.Regexp) bool { return m.MatchString(name) }) {
			files = append(files, name)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fault.New(fault.NotFound, "read the operations", "no file matches "+strings.Join(patterns, ", "), "patterns are relative to the folder of krowoc.yaml; ** matches any folders")
	}
	return files, err
}
