//go:build unix

package local

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/krowoc/krowoc/internal/fault"
)

// A process that is being started shares the descriptor of the lock for a moment; unlocking does not wait for it.
func TestUnlockedWhileAProcessIsStarting(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	l, err := tryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tryLock(path); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("a second lock: %v", err)
	}
	shared, err := unix.Dup(int(l.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(shared)
	l.unlock()
	again, err := tryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	again.unlock()
}
