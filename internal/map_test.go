package internal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// onMap matches the names of packages at the start of a line of the map.
var onMap = regexp.MustCompile(`(?m)^  ((?:[a-z0-9]+(?:/[a-z0-9]+|/?<[a-z]+>(?:cmd)?)*/ ?)+)`)

// TestMapOfTheArchitecture: every package is on the map of docs/architecture.md.
func TestMapOfTheArchitecture(t *testing.T) {
	page, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "## Map")
	text, _, _ = strings.Cut(text, "## Import rule")
	mapped := map[string]bool{}
	for _, m := range onMap.FindAllStringSubmatch(text, -1) {
		for name := range strings.FieldsSeq(m[1]) {
			mapped[strings.TrimSuffix(name, "/")] = true
		}
	}
	for folder := range packages(t) {
		command := strings.HasPrefix(folder, "cli/") && strings.HasSuffix(folder, "cmd")
		target := strings.HasPrefix(folder, "generate/")
		if !mapped[folder] && !command && !target {
			t.Errorf("internal/%s is not on the map of docs/architecture.md: add a line there", folder)
		}
	}
}

// packages returns the folders below internal that contain Go code other than tests.
func packages(t *testing.T) map[string]bool {
	t.Helper()
	folders := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := (path != ".") && strings.HasPrefix(entry.Name(), ".")
		if entry.IsDir() && (hidden || (entry.Name() == "testdata") || (entry.Name() == "node_modules")) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && (filepath.Dir(path) != ".") {
			folders[filepath.ToSlash(filepath.Dir(path))] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}
