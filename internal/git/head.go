package git

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// HeadFile returns the path of the HEAD file of the repository that contains a folder, or "" outside of a repository.
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

// linkedHeadFile returns the HEAD file of a linked working tree, whose .git is a file with the path of a folder.
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

// Branch returns the branch in a HEAD file, the branch that is being rebased, or the commit of a detached HEAD. It returns "" if the file
// does not exist.
func Branch(headFile string) (string, error) {
	text, err := os.ReadFile(headFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	name := strings.TrimSpace(string(text))
	if IsCommit(name) {
		name = cmp.Or(rebased(filepath.Dir(headFile)), name)
	}
	return strings.TrimPrefix(strings.TrimPrefix(name, "ref: "), "refs/heads/"), err
}

// rebased returns the branch that is being rebased, or "". A rebase moves a detached HEAD from commit to commit.
func rebased(gitDir string) string {
	for _, folder := range []string{"rebase-merge", "rebase-apply"} {
		if text, err := os.ReadFile(filepath.Join(gitDir, folder, "head-name")); err == nil {
			return strings.TrimSpace(string(text))
		}
	}
	return ""
}

var commitID = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// IsCommit reports whether a name is that of a commit, and so no branch.
func IsCommit(name string) bool { return commitID.MatchString(name) }
