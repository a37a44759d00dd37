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
var serverEnv = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}

// guard starts the server behind a shell that leaves a watchdog and becomes the server itself. The watchdog
// holds the read end of a pipe whose only write end is ours: end of file without a line means that we are
// dead, and the server is told to stop. It is a grandchild, so that the server does not see it as a child of
// its own. $1 is the signal, $2 a folder to remove afterwards or empty; the rest is the command.
const guard = `signal=$1 dir=$2; shift 2
( ( read -r _ || {
	kill -s "$signal" $$
	if [ -n "$dir" ]; then
		while kill -0 $$; do sleep 0.05; done
		rm -rf "$dir"
	fi
} ) <&3 >/dev/null 2>&1 & )
exec "$@" 3<&-`

// process is a running server and the pipe that its watchdog reads.
type process struct {
	*exec.Cmd
	leash *os.File
}

func startProcess(name string, args []string, dir, remove string, stderr *os.File, a *account) (*process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	signal := "INT"
	if remove != "" {
		signal = "QUIT"
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", guard, "krowoc-postgres", signal, remove, name}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.Stdout = dir, serverEnv, stderr, stderr
	cmd.ExtraFiles = []*os.File{r}
	a.run(cmd)
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &process{cmd, w}, nil
}

// release sends the watchdog home.
func (p *process) release() {
	_, _ = p.leash.WriteString("\n")
	_ = p.leash.Close()
}

func (p *process) stopFast() error      { return p.Process.Signal(syscall.SIGINT) }
func (p *process) stopImmediate() error { return p.Process.Signal(syscall.SIGQUIT) }
