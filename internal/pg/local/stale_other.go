//go:build unix && !linux

package local

import (
	"os/exec"
	"strconv"
	"strings"
)

// runsServer reports whether a process is a Postgres, according to ps, which does not show the data folder.
func runsServer(pid int, _ string) bool {
	out, err := exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output() //nolint:noctx // it is fast
	return err == nil && strings.Contains(string(out), "postgres")
}
