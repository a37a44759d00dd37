//go:build unix && !linux

package local

import (
	"os/exec"
	"strconv"
	"strings"
)

// runsServer reports whether a process is a Postgres, as far as ps can tell; of which folder, it cannot.
func runsServer(pid int, _ string) bool {
	out, err := exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output() //nolint:noctx // it takes a moment
	return err == nil && strings.Contains(string(out), "postgres")
}
