package git_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/git"
)

// repository is a folder below the root of a repository with one commit, tagged v1, of a/one.sql, a/two.sql and schema.graphql.
func repository(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	write(t, dir, map[string]string{"a/one.sql": "1", "a/two.sql": "2", "schema.graphql": "type A", ".gitignore": "state/\n"})
	root := filepath.Dir(dir)
	runGit(t, root, "init", "--quiet", "--initial-branch", "main")
	runGit(t, root, "add", ".")
	runGit(t, root, "commit", "--quiet", "--message", "one")
	runGit(t, root, "tag", "v1")
	return dir
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func runGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=n", "-c", "user.email=n@example.com"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func TestChangedSince(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	write(t, dir, map[string]string{"a/two.sql": "changed", "a/three.sql": "new", "b.sql": "another folder's"})
	got, err := git.ChangedSince(t.Context(), filepath.Join(dir, "a"), "v1")
	if diff := cmp.Diff(map[string]bool{"two.sql": true, "three.sql": true}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, revision := range []string{"no-such-tag", "--output=x"} {
		if _, err := git.ChangedSince(t.Context(), dir, revision); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", revision, err)
		}
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	write(t, dir, map[string]string{"a/one.sql": "changed"})
	got, err := git.Archive(t.Context(), dir, "v1", "a")
	if diff := cmp.Diff([]git.File{{Name: "a/one.sql", Text: []byte("1")}, {Name: "a/two.sql", Text: []byte("2")}}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for _, tt := range []struct {
		revision, pathspec string
		want               fault.Code
	}{
		{"v1", "missing", fault.NotFound}, {"v2", "a", fault.Invalid}, {"--output=x", "a", fault.Invalid},
	} {
		if _, err := git.Archive(t.Context(), dir, tt.revision, tt.pathspec); fault.CodeOf(err) != tt.want {
			t.Errorf("%s %s: %v", tt.revision, tt.pathspec, err)
		}
	}
}

func TestIgnores(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	for path, want := range map[string]bool{"state/x": true, "a/x": false} {
		if got, err := git.Ignores(t.Context(), dir, path); got != want || err != nil {
			t.Errorf("%s: %t %v", path, got, err)
		}
	}
	if _, err := git.Ignores(t.Context(), t.TempDir(), "x"); err == nil {
		t.Error("a folder outside of any repository is no error")
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	if head := git.HeadFile(t.TempDir()); head != "" {
		t.Errorf("a folder outside of any repository has the head %s", head)
	}
	branch := func(dir string) string {
		t.Helper()
		name, err := git.Branch(git.HeadFile(dir))
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	if got := branch(dir); got != "main" {
		t.Errorf("the branch is %q", got)
	}
	linked := filepath.Join(t.TempDir(), "linked")
	runGit(t, dir, "worktree", "add", "--quiet", "-b", "feature/x", linked)
	if got := branch(filepath.Join(linked, "project")); got != "feature/x" {
		t.Errorf("the branch of a linked working tree is %q", got)
	}
	runGit(t, linked, "checkout", "--quiet", "--detach")
	if got := branch(linked); len(got) != 40 {
		t.Errorf("a detached head is %q, want a commit", got)
	}
	// A rebase that waits for the user has a detached head, too.
	for _, folder := range []string{"rebase-merge", "rebase-apply"} {
		at := filepath.Join(filepath.Dir(git.HeadFile(linked)), folder)
		if err := errors.Join(os.Mkdir(at, 0o700), os.WriteFile(filepath.Join(at, "head-name"), []byte("refs/heads/feature/y\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
		if got := branch(linked); got != "feature/y" {
			t.Errorf("during a rebase the branch is %q", got)
		}
		if err := os.RemoveAll(at); err != nil {
			t.Fatal(err)
		}
	}
}
