// Package git runs git to inspect a working tree. No other package runs git.
package git

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// ChangedSince returns the files of a folder that are new or that differ from a revision: committed, staged, in the working tree,
// or untracked. Paths are relative to the folder.
func ChangedSince(ctx context.Context, dir, revision string) (map[string]bool, error) {
	op := "compare with " + revision
	if err := checkRevision(op, revision); err != nil {
		return nil, err
	}
	changed := map[string]bool{}
	for _, args := range [][]string{
		{"diff", "--name-only", "-z", "--diff-filter=d", "--relative", revision, "--", "."},
		{"ls-files", "--others", "--exclude-standard", "-z", "--", "."},
	} {
		out, err := run(ctx, dir, args...)
		if err != nil {
			if errors.Is(err, exec.ErrNotFound) {
				return nil, notInstalled(op)
			}
			return nil, &fault.Error{Code: fault.Invalid, Op: "compare " + filepath.Base(dir) + " with " + revision, Message: messageOf(err), Err: err,
				Hint: "use a commit, branch or tag that exists in this clone: CI often fetches only the newest commit"}
		}
		for name := range strings.SplitSeq(string(out), "\x00") {
			if name != "" {
				changed[path.Clean(name)] = true
			}
		}
	}
	return changed, nil
}

// Ignores reports whether git ignores a path of a working tree. It returns an error only if git cannot be run.
func Ignores(ctx context.Context, dir, path string) (bool, error) {
	_, err := run(ctx, dir, "check-ignore", "--quiet", path)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return false, nil
	}
	return err == nil, err
}

// run runs git in a folder and returns its standard output. If git fails, it returns an *exec.ExitError with the standard error.
func run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	return cmd.Output()
}

// messageOf returns the standard error of git.
func messageOf(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(bytes.TrimSpace(exit.Stderr))
	}
	return err.Error()
}

// checkRevision rejects a revision that git would parse as an option.
func checkRevision(op, revision string) error {
	if strings.HasPrefix(revision, "-") {
		return fault.New(fault.Invalid, op, "invalid revision "+strconv.Quote(revision))
	}
	return nil
}

func notInstalled(op string) error {
	return fault.New(fault.Unavailable, op, "git is not installed")
}
