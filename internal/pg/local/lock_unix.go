//go:build unix

package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/krowoc/krowoc/internal/fault"
)

// folderLock keeps every other process from starting a server on a data folder. The kernel lets go of it
// when the process dies, so that it is never stale.
type folderLock struct{ file *os.File }

// lockFolder locks the file beside a data folder and writes the process's id into it.
func lockFolder(dataDir string) (*folderLock, error) {
	op := "lock " + dataDir
	if err := os.MkdirAll(filepath.Dir(dataDir), 0o755); err != nil {
		return nil, fault.Wrap(op, err)
	}
	f, err := os.OpenFile(dataDir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			holder, _ := os.ReadFile(f.Name())
			return nil, fault.New(fault.Conflict, op, "process "+strings.TrimSpace(string(holder))+" runs a server on it",
				"Use that one, or stop it first.")
		}
		return nil, fault.Wrap(op, err)
	}
	if err := f.Truncate(0); err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	return &folderLock{f}, err
}

func (l *folderLock) unlock() {
	if l != nil {
		_ = l.file.Close()
	}
}
