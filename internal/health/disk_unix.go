//go:build !windows

package health

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// freeBytes returns the free space for unprivileged processes on the file system of path.
func freeBytes(path string) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(path, &stat); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", path, err)
	}
	return uint64(stat.Bavail) * uint64(stat.Bsize), nil //nolint:unconvert,gosec // the types differ between systems
}
