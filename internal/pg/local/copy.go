package local

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// copyTree copies the files of a folder into to, which exists, and gives them to owner.
func copyTree(ctx context.Context, from, to string, owner *account) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			if rel != "." {
				if err := os.Mkdir(target, 0o700); err != nil {
					return err
				}
			}
			return owner.own(target)
		}
		g.Go(func() error { return copyFile(path, target, owner) })
		return nil
	})
	if waitErr := g.Wait(); waitErr != nil {
		return waitErr
	}
	return err
}

func copyFile(from, to string, owner *account) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		return err
	}
	if err := dst.Close(); err != nil {
		return err
	}
	return owner.own(to)
}
