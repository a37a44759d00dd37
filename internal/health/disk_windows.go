package health

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// freeBytes returns how much this user may still write to the volume of path.
func freeBytes(path string) (uint64, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, fmt.Errorf("disk space of %s: %w", path, err)
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("disk space of %s: %w", path, err)
	}
	return free, nil
}
