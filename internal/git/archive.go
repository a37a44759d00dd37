package git

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"

	"github.com/krowoc/krowoc/internal/fault"
)

// File is a file at a revision.
type File struct {
	Name string // relative to the folder, with forward slashes
	Text []byte
}

// Archive returns the files of a folder at a revision that match a pathspec, sorted by name. The error is a not_found fault if the revision
// exists but has no such files.
func Archive(ctx context.Context, dir, revision, pathspec string) ([]File, error) {
	op := "read " + pathspec + " at " + revision
	if err := checkRevision(op, revision); err != nil {
		return nil, err
	}
	out, err := run(ctx, dir, "archive", "--format=tar", revision, "--", pathspec)
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, notInstalled(op)
		}
		code := fault.Invalid
		if _, unknown := run(ctx, dir, "rev-parse", "--quiet", "--verify", revision+"^{commit}"); unknown == nil {
			code = fault.NotFound
		}
		return nil, &fault.Error{Code: code, Op: op, Message: messageOf(err), Err: err,
			Hint: "use a commit, branch or tag that exists in this clone and contains " + pathspec}
	}
	files, err := readTar(out)
	return files, fault.Wrap(op, err)
}

func readTar(archive []byte) (files []File, err error) {
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		files = append(files, File{h.Name, text})
	}
	slices.SortFunc(files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	return files, nil
}
