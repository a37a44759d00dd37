package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// originFile is a file next to relocated data with the path of the last known link to it.
const originFile = "origin"

// Abandoned returns relocated data folders of root that no project uses any more, with the former path of each project. The project was
// deleted or has created new data.
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

// running reports whether a server may be using relocated data.
func running(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*", "postmaster.pid"))
	return err != nil || len(files) > 0
}

// noteOrigin stores the current path of the link to relocated data, which may have moved with the project.
func (d *dataFolder) noteOrigin(link string) error {
	dir := filepath.Dir(d.path)
	if filepath.Dir(dir) != systemDataDir {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, originFile), []byte(link+"\n"), 0o644) //nolint:gosec // a path is not secret
}
