package local

import "golang.org/x/sys/unix"

const (
	memoryFolder = "/dev/shm"
	memoryRoom   = 2 << 30 // bytes: containers have 64 MB there unless they ask for more
)

// MemoryFolder returns the folder of an in-memory file system with enough space, or "". With programs, it must also be possible to run
// programs from it.
func MemoryFolder(programs bool) string {
	var fs unix.Statfs_t
	if err := unix.Statfs(memoryFolder, &fs); err != nil || fs.Type != unix.TMPFS_MAGIC || fs.Bavail*uint64(fs.Bsize) < memoryRoom {
		return ""
	}
	if programs && (fs.Flags&unix.ST_NOEXEC) != 0 {
		return ""
	}
	return memoryFolder
}
