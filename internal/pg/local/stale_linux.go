package local

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// runsServer reports whether a process is a Postgres that works in a data folder. In doubt it is.
func runsServer(pid int, folder string) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || !strings.HasPrefix(string(name), "postgres") {
		return false
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) // a zombie has none
	}
	return cwd == folder
}
