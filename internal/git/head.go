package git

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// HeadFile returns the path of the file HEAD of the repository that a folder is in, "" when it is in none.
func HeadFile(dir string) string {
	for {
		path := filepath.Join(dir, ".git")
		switch info, err := os.Stat(path); {
		case err == nil && info.IsDir():
			return filepath.Join(path, "HEAD")
		case err == nil:
			return linkedHeadFile(dir, path)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// linkedHeadFile returns the file HEAD of a linked working tree: its .git is a file that names its folder.
func linkedHeadFile(dir, path string) string {
	text, err := os.ReadFile(path)
	at, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if err != nil || !ok {
		return ""
	}
	if !filepath.IsAbs(at) {
		at = filepath.Join(dir, at)
	}
	return filepath.Join(at, "HEAD")
}

// Branch returns the branch that a file HEAD names, its commit where HEAD is detached, and "" where there is no file.
func Branch(headFile string) (string, error) {
	text, err := os.ReadFile(headFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	name := strings.TrimSpace(string(text))
	return strings.TrimPrefix(strings.TrimPrefix(name, "ref: "), "refs/heads/"), err
}
