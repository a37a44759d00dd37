package local

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// runsServer reports whether a process is a Postgres that uses a data folder. It returns true if it cannot find out.
func runsServer(pid int, folder string) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || !strings.HasPrefix(string(name), "postgres") {
		return false
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) // a zombie has no command line
	}
	return cwd == folder
}
