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
	"github.com/krowoc/krowoc/internal/graph/manifest"
	"github.com/krowoc/krowoc/internal/schema"
)

// brokenOperations returns the operations that are valid in the API of the old schema and invalid in that of the new one.
func brokenOperations(a *app.App, before, after *schema.Schema, patterns []string) ([]BrokenOperation, error) {
	broken := []BrokenOperation{}
	files, err := operationFiles(a, patterns)
	if err != nil || len(files) == 0 {
		return broken, err
	}
	sources, err := readSources(a, files)
	if err != nil {
		return nil, err
	}
	was, err := a.APISchema(before)
	if err != nil {
		return nil, err
	}
	is, err := a.APISchema(after)
	if err != nil {
		return nil, err
	}
	for _, m := range manifest.Broken(was, is, sources) {
		broken = append(broken, BrokenOperation{File: m.File, Line: m.Line, Column: m.Column, Message: m.Message})
	}
	return broken, nil
}

// readSources reads files of clients.
func readSources(a *app.App, files []string) (list []manifest.Source, err error) {
	for _, name := range files {
		text, err := os.ReadFile(a.Config.Path(filepath.FromSlash(name)))
		if err != nil {
			return nil, fault.Wrap("read the operations", err)
		}
		list = append(list, manifest.Source{Name: name, Text: string(text)})
	}
	return list, nil
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
