package local

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"
)

// copyWorkers is how many files are copied at a time: most are small, and the work is in the file system.
const copyWorkers = 4

// copyBlock is the size of the blocks in which files are copied, and of the holes that are left in them.
const copyBlock = 64 << 10

// copyTree copies the files of a folder into to, which exists, and gives them to owner. Where the file system
// can, the copies share their blocks with the originals; else blocks of zeros are left out.
func copyTree(ctx context.Context, from, to string, owner *account) error {
	c := newCopier(from, to, owner)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(copyWorkers)
	walkErr := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		target := filepath.Join(to, path[len(from):])
		if d.IsDir() {
			if err := os.Mkdir(target, 0o700); err != nil && path != from {
				return err
			}
			return owner.own(target)
		}
		g.Go(func() error { return c.copyFile(path, target) })
		return nil
	})
	if err := g.Wait(); err != nil {
		return err // why the walk ended, if it did
	}
	return walkErr
}

type copier struct {
	from, to string
	owner    *account
	buffers  sync.Pool
}

func newCopier(from, to string, owner *account) *copier {
	c := &copier{from: from, to: to, owner: owner}
	c.buffers.New = func() any { return make([]byte, copyBlock) }
	return c
}

func (c *copier) copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := cloneFile(dst, src); err != nil {
		buffer := c.buffers.Get().([]byte)
		err = copySparse(dst, src, buffer)
		c.buffers.Put(buffer) //nolint:staticcheck // a header per file is nothing
		if err != nil {
			dst.Close()
			return err
		}
	}
	return errors.Join(dst.Close(), c.owner.own(to))
}

// copySparse copies a file and leaves holes where it has blocks of zeros. A fresh data folder is nearly half
// write-ahead log that has not been written yet.
func copySparse(dst *os.File, src io.Reader, buffer []byte) error {
	var size int64
	for {
		n, err := io.ReadFull(src, buffer)
		if block := buffer[:n]; !bytes.Equal(block, zeros[:n]) {
			if _, err := dst.WriteAt(block, size); err != nil {
				return err
			}
		}
		size += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return dst.Truncate(size)
		}
		if err != nil {
			return err
		}
	}
}

var zeros [copyBlock]byte
