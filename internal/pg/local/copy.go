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

// copyWorkers is the number of files copied at the same time. Most are small, so the file system is the limit.
const copyWorkers = 4

// copyBlock is the size of the blocks that are copied or left as holes.
const copyBlock = 64 << 10

// copyTree copies the files of a folder into the existing folder to and makes owner their owner. If the file system supports it, the copies
// share their blocks with the originals. Otherwise, blocks of zeros become holes.
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
		return err // the error of the walk, if any
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
		c.buffers.Put(buffer) //nolint:staticcheck // one allocation of a slice header per file does not matter
		if err != nil {
			dst.Close()
			return err
		}
	}
	return errors.Join(dst.Close(), c.owner.own(to))
}

// copySparse copies a file, with holes instead of blocks of zeros. Nearly half of a new data folder is unused space of the write-ahead log.
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
