package supervise

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/fsnotify/fsnotify"

	"github.com/krowoc/krowoc/internal/fault"
)

// quietPeriod is how long the files must stay unchanged before a change is reported: an editor writes a file in several steps.
const quietPeriod = 50 * time.Millisecond

// ignored are folders of generated or third-party files, which are expensive to watch and do not matter.
var ignored = []string{".git", ".krowoc", "node_modules", ".next", ".venv", "venv", "__pycache__", ".mypy_cache", ".pytest_cache", "dist", "target"}

// matcher returns a function that reports whether a file matches one of the patterns: a name such as *.go in any folder, a folder
// with everything in it, or a path with * and **. It is nil without patterns.
func matcher(dir string, patterns []string) (func(string) bool, error) {
	for _, p := range patterns {
		if !doublestar.ValidatePattern(p) {
			return nil, fault.New(fault.Invalid, "watch "+p, "invalid file pattern", "write a pattern such as src/**/*.go")
		}
	}
	if len(patterns) == 0 {
		return nil, nil
	}
	return func(file string) bool {
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return false
		}
		rel = filepath.ToSlash(rel)
		return slices.ContainsFunc(patterns, func(p string) bool {
			p = strings.TrimSuffix(path.Clean(filepath.ToSlash(p)), "/")
			name := !strings.Contains(p, "/") && doublestar.MatchUnvalidated(p, path.Base(rel))
			return name || p == "." || rel == p || strings.HasPrefix(rel, p+"/") || doublestar.MatchUnvalidated(p, rel)
		})
	}, nil
}

// watch calls changed after matching files have changed, until ctx ends.
func watch(ctx context.Context, dir string, matches func(string) bool, changed func(), warn func(string)) error {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		if err = addTree(w, dir); err != nil {
			w.Close()
		}
	}
	if err != nil {
		return fault.Wrap("watch "+dir, err)
	}
	go func() {
		defer w.Close()
		quiet := time.NewTimer(0)
		<-quiet.C
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-w.Events:
				if e.Has(fsnotify.Create) {
					_ = addTree(w, e.Name) // a file, or removed already
				}
				if e.Op != fsnotify.Chmod && matches(e.Name) {
					quiet.Reset(quietPeriod)
				}
			case err := <-w.Errors:
				warn("watching files: " + err.Error())
				quiet.Reset(quietPeriod) // events were lost
			case <-quiet.C:
				changed()
			}
		}
	}()
	return nil
}

// addTree watches a folder and all its subfolders.
func addTree(w *fsnotify.Watcher, root string) error {
	return filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission):
			return nil
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case file != root && slices.Contains(ignored, entry.Name()):
			return filepath.SkipDir
		}
		return w.Add(file)
	})
}
