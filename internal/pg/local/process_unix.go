//go:build unix

package local

import (
	"os"
	"os/exec"
	"syscall"
)

const exeSuffix = ""

// serverEnv is the environment of initdb and postgres. It excludes the user's variables, so that the user's PGDATA or locale has no effect.
func serverEnv() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
}

// guard is a script that starts a watchdog and then executes the server. The watchdog holds the read end of a pipe whose only write end is
// ours. If the pipe ends without a line, our process has died and the watchdog stops the server. It is a grandchild, since the server would
// mistake a child for one of its own. $1 is the signal that stops the server, $2 is a folder to remove afterwards or empty, and the rest is
// the command.
const guard = `signal=$1 folder=$2
shift 2
( ( read -r _ || {
	kill -s "$signal" $$
	[ -z "$folder" ] || { while kill -0 $$; do sleep 0.05; done; rm -rf "$folder"; }
} ) <&3 >/dev/null 2>&1 & )
exec "$@" 3<&-`

// process is a server and the pipe to its watchdog.
type process struct {
	*exec.Cmd
	leash *os.File
}

// startProcess runs a server in its data folder. If our process ends, the server stops and a temporary folder is removed.
func startProcess(path string, args []string, data *dataFolder, output *os.File) (*process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	signal, remove := "INT", ""
	if data.remove {
		signal, remove = "QUIT", data.path
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", guard, "krowoc", signal, remove, path}, args...)...) //nolint:noctx // it outlives every context
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.Stdout = data.path, serverEnv(), output, output
	cmd.ExtraFiles = []*os.File{r}
	data.account.configure(cmd)
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &process{cmd, w}, nil
}

// wait returns when the server has exited, and ends the watchdog.
func (p *process) wait() {
	_ = p.Wait() // ProcessState has the result
	_, _ = p.leash.WriteString("\n")
	_ = p.leash.Close()
}

// stop makes the server disconnect its clients, write all data to disk and exit.
func (p *process) stop() { _ = p.Process.Signal(syscall.SIGINT) }

// abort makes the server exit immediately. It recovers at its next start.
func (p *process) abort() { _ = p.Process.Signal(syscall.SIGQUIT) }
