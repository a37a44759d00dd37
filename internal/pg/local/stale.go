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

// pidFile is where a running server writes who and how it is, and what it leaves behind when it is killed.
const pidFile = "postmaster.pid"

// How long to wait for a server that is on the folder although nobody holds our lock: its krowoc was killed,
// and its watchdog is stopping it.
const (
	graceToBeTold = 2 * time.Second
	graceToStop   = 30 * time.Second
)

// readPIDFile returns the process id and the status of a data folder's server, 0 when there is no file.
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

// awaitPrevious waits for the end of a server that is still stopping, and makes a file that a dead one left
// harmless. A server that stays is a Conflict that names it.
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
				fmt.Sprintf("a Postgres that krowoc does not know runs on it, as process %d", pid),
				fmt.Sprintf("Stop it, as with `kill -INT %d`, or use another folder.", pid))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// disownPIDFile handles the file of a dead server. Postgres sees that the process is gone, unless another
// process has its id by now: then it refuses to start. It takes the id of its parent for a false match, so
// that we put ours. To remove the file would be wrong: Postgres also learns from it whether processes of the
// dead server are still at work.
func (d *dataFolder) disownPIDFile(pid int) error {
	text, err := os.ReadFile(d.file(pidFile))
	if err != nil {
		return nil //nolint:nilerr // gone, which is as good
	}
	rest := bytes.TrimPrefix(text, []byte(strconv.Itoa(pid)))
	return os.WriteFile(d.file(pidFile), append([]byte(strconv.Itoa(os.Getpid())), rest...), 0o600)
}
