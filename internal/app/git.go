package app

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// ChangedSince names the files of a folder that are new or other than at a revision of git: committed, staged, in the
// work tree, or not yet known to git. Paths are relative to the folder.
func (a *App) ChangedSince(ctx context.Context, revision, dir string) (map[string]bool, error) {
	if strings.HasPrefix(revision, "-") {
		return nil, fault.New(fault.Invalid, "compare with "+revision, "that is no revision")
	}
	changed := map[string]bool{}
	for _, args := range [][]string{
		{"diff", "--name-only", "-z", "--diff-filter=d", "--relative", revision, "--", "."},
		{"ls-files", "--others", "--exclude-standard", "-z", "--", "."},
	} {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			if errors.Is(err, exec.ErrNotFound) {
				return nil, fault.New(fault.Unavailable, "compare with "+revision, "git is not installed")
			}
			return nil, &fault.Error{Code: fault.Invalid, Op: "compare " + filepath.Base(dir) + " with " + revision,
				Message: string(bytes.TrimSpace(stderr.Bytes())), Hint: "name a commit, branch or tag that is in this clone: CI often fetches only the newest commit", Err: err}
		}
		for name := range strings.SplitSeq(string(out), "\x00") {
			if name != "" {
				changed[path.Clean(name)] = true
			}
		}
	}
	return changed, nil
}
