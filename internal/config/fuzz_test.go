package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/krowoc/krowoc/internal/diag"
)

// FuzzLoad reads any text as krowoc.yaml: it never panics, and whatever it refuses has a place and a message.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "project: a", "environments: {production: {database: {url: '${X:-y}'}}}", "a: &a [*a]", "&a {server: *a}", "? [a]\n: b", "--- \n--- ",
		"health: {urls: [{name: x, url: 'http://y'}]}", "<<: {project: a}", "server: &s {timeouts: {read: 1s}}\nenvironments: {test: {server: *s}}",
		"\xff", "project: |\n  ${A\n", "project: !!binary aGk=", "project: !x y", "environments:\n  test:\n    <<: *a", "seeds: {sets: [a, '${B}']}", "\t",
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(dir, FileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(Options{Dir: dir, Environment: Production, Environ: []string{"A=1", "B="}})
		if err == nil {
			c.Settings()
			return
		}
		var list diag.List
		if !errors.As(err, &list) {
			t.Fatalf("no diagnostics: %v", err)
		}
		for _, d := range list {
			if d.Message == "" || d.File == "" || d.Line > len(lineBreak.Split(text, -1)) {
				t.Errorf("a mistake without message or outside the file: %+v", d)
			}
			_ = d.String()
		}
	})
}
