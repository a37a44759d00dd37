package dev

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// head is a git folder with nothing but a HEAD.
type head struct {
	Branches
	file string
}

func (h head) HeadFile() string { return h.file }

// Git writes the files of a branch, then the index, and HEAD last. Until then the session must not touch the database, which is still
// that of the other branch.
func TestGitIsWriting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	s := &session{reporter: &reporter{now: func() time.Time { return now }}}
	write := func(name string, age time.Duration) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when string, want bool) {
		t.Helper()
		if s.gitIsWriting() != want {
			t.Errorf("%s: %v", when, !want)
		}
	}
	expect("without branches", false)
	s.branches = head{file: filepath.Join(dir, "HEAD")}
	expect("before the first commit", false)
	write("index", time.Minute)
	expect("long after", false)
	write("index.lock", 0)
	expect("while it holds the lock", true)
	if err := os.Remove(filepath.Join(dir, "index.lock")); err != nil {
		t.Fatal(err)
	}
	write("index", 10*time.Millisecond)
	expect("before it writes HEAD", true)
	now = now.Add(gitSettles)
	expect("when it is done", false)
}
