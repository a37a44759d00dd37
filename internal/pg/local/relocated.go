package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// originFile, beside relocated data, names the link that led to it last.
const originFile = "origin"

// Abandoned returns the folders that root's servers keep outside their projects and that no project leads to any more, by
// where the project was: it is gone, or it has made its data anew.
func Abandoned() (folders map[string]string, err error) {
	folders = map[string]string{}
	origins, err := filepath.Glob(filepath.Join(systemDataDir, "*", originFile))
	if err != nil {
		return nil, err
	}
	for _, file := range origins {
		origin, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		link, dir := strings.TrimSpace(string(origin)), filepath.Dir(file)
		switch real, err := filepath.EvalSymlinks(link); {
		case err == nil && filepath.Dir(real) == dir, running(dir):
		case err == nil, errors.Is(err, fs.ErrNotExist):
			folders[dir] = filepath.Dir(link)
		}
	}
	return folders, nil
}

// running reports whether a server may be working in relocated data.
func running(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*", "postmaster.pid"))
	return err != nil || len(files) > 0
}

// noteOrigin remembers which link leads to relocated data, and where it has moved to with its project.
func (d *dataFolder) noteOrigin(link string) error {
	dir := filepath.Dir(d.path)
	if filepath.Dir(dir) != systemDataDir {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, originFile), []byte(link+"\n"), 0o644) //nolint:gosec // a path is no secret
}
