package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// fileLock is a lock between processes. The kernel releases it when its holder dies, so that it is never stale, regardless of the content
// of the file.
type fileLock struct{ file *os.File }

// errLocked is returned by lockFile for a file that another process has locked.
var errLocked = errors.New("locked")

// tryLock creates and locks the file at path, and writes our process ID into it. If another process holds the lock, it returns a Conflict
// that names the process.
func tryLock(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err = lockFile(f); err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = fmt.Fprintln(f, os.Getpid())
		}
	}
	if errors.Is(err, errLocked) {
		holder, _ := io.ReadAll(f)
		err = fault.New(fault.Conflict, "lock "+path, "process "+cmp.Or(strings.TrimSpace(string(holder)), "?")+" is using it",
			"use the server of that process, or stop it first")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &fileLock{f}, nil
}

// waitLock locks the file at path as soon as no other process holds the lock.
func waitLock(ctx context.Context, path string) (*fileLock, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		l, err := tryLock(path)
		if err == nil || fault.CodeOf(err) != fault.Conflict {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

func (l *fileLock) unlock() {
	if l != nil {
		_ = unlockFile(l.file)
		_ = l.file.Close()
	}
}
