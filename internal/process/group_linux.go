package process

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// groupEnded reports whether no process of a group runs. One that has ended, and whose new parent has not noticed yet, counts
// as gone: in a container without a proper init that may take long.
func groupEnded(id int) bool {
	if syscall.Kill(-id, 0) != nil {
		return true
	}
	proc, err := os.Open("/proc")
	if err != nil {
		return false
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		stat, _ := os.ReadFile("/proc/" + name + "/stat")
		// "pid (command) state parent group …": the command may hold anything, spaces and brackets too.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) > 2 && string(fields[2]) == strconv.Itoa(id) && fields[0][0] != 'Z' && fields[0][0] != 'X' {
			return false
		}
	}
	return true
}
