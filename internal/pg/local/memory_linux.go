package local

import "golang.org/x/sys/unix"

const (
	memoryFolder = "/dev/shm"
	memoryRoom   = 2 << 30 // bytes: containers have 64 MB there unless they ask for more
)

// inMemory returns the folder of an in-memory file system with enough space, or "".
func inMemory() string {
	var fs unix.Statfs_t
	if err := unix.Statfs(memoryFolder, &fs); err != nil || fs.Type != unix.TMPFS_MAGIC || fs.Bavail*uint64(fs.Bsize) < memoryRoom {
		return ""
	}
	return memoryFolder
}
