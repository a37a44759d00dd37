//go:build unix

package local

import (
	"os"
	"os/exec"
	"syscall"
)

const exeSuffix = ""

// serverEnv is the environment of initdb and postgres: nothing of the user's, so that no PGDATA or locale of
// theirs changes what we make.
func serverEnv() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
}

// guard becomes the server, after it has left a watchdog behind. The watchdog holds the read end of a pipe
// whose only write end is ours: its end without a line before means that we are dead, and that the server is
// to stop. It is a grandchild, since the server would take a child for one of its own. $1 is the signal to
// stop with, $2 a folder to remove afterwards or empty; the rest is the command.
const guard = `signal=$1 folder=$2
shift 2
( ( read -r _ || {
	kill -s "$signal" $$
	[ -z "$folder" ] || { while kill -0 $$; do sleep 0.05; done; rm -rf "$folder"; }
} ) <&3 >/dev/null 2>&1 & )
exec "$@" 3<&-`

// process is a server and the pipe that its watchdog reads.
type process struct {
	*exec.Cmd
	leash *os.File
}

// startProcess runs a server in its data folder. It ends when we do, with the folder if that is to be removed.
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
	data.account.run(cmd)
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &process{cmd, w}, nil
}

// wait returns when the server is gone, and dismisses the watchdog.
func (p *process) wait() {
	_ = p.Wait() // ProcessState says how it ended
	_, _ = p.leash.WriteString("\n")
	_ = p.leash.Close()
}

// stop has the server disconnect its clients, write everything down and end.
func (p *process) stop() { _ = p.Process.Signal(syscall.SIGINT) }

// abort has the server end at once; it recovers when it starts again.
func (p *process) abort() { _ = p.Process.Signal(syscall.SIGQUIT) }
