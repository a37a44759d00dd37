package local

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
)

// pidFile contains the process ID and status of a running server. A killed server leaves it behind.
const pidFile = "postmaster.pid"

// How long to wait for a server that uses the folder although no process holds our lock. This happens when krowoc was killed and the
// watchdog is stopping the server.
const (
	graceToBeTold = 2 * time.Second
	graceToStop   = 30 * time.Second
)

// readPIDFile returns the process ID and the status of a data folder's server. The ID is 0 without a file.
func (d *dataFolder) readPIDFile() (pid int, status string) {
	text, err := os.ReadFile(d.file(pidFile))
	if err != nil {
		return 0, ""
	}
	lines := strings.Split(string(text), "\n")
	pid, _ = strconv.Atoi(strings.TrimSpace(lines[0]))
	if len(lines) > 7 {
		status = strings.TrimSpace(lines[7])
	}
	return pid, status
}

// awaitPrevious waits until a stopping server has exited, and neutralizes the PID file of a dead server. A server that keeps running is a
// Conflict that names its process.
func (d *dataFolder) awaitPrevious(ctx context.Context) error {
	began := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		pid, status := d.readPIDFile()
		if pid == 0 {
			return nil
		}
		if !runsServer(pid, d.path) {
			return d.disownPIDFile(pid)
		}
		waited := time.Since(began)
		if waited > graceToStop || (waited > graceToBeTold && status == "ready") {
			return fault.New(fault.Conflict, "use the data folder "+d.path,
				fmt.Sprintf("another Postgres is using it (pid %d)", pid),
				fmt.Sprintf("stop it, for example with `kill -INT %d`, or use another folder", pid))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// disownPIDFile handles the PID file of a dead server. Postgres refuses to start if another process has the same ID by now. It ignores the
// ID of its parent process, so we write our own ID. Removing the file would be wrong, since Postgres also uses it to detect running
// processes of the dead server.
func (d *dataFolder) disownPIDFile(pid int) error {
	text, err := os.ReadFile(d.file(pidFile))
	if err != nil {
		return nil //nolint:nilerr // the file no longer exists
	}
	rest := bytes.TrimPrefix(text, []byte(strconv.Itoa(pid)))
	return os.WriteFile(d.file(pidFile), append([]byte(strconv.Itoa(os.Getpid())), rest...), 0o600)
}
