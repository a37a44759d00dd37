//go:build unix

package process

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// guard starts a watchdog in its group and then becomes the command. The watchdog holds the read end of a pipe whose only write end
// is ours: if the pipe closes without a line, this process is dead and the group has to end. $1 is the grace period in tenths of a
// second; the rest is the command. The watchdog is a grandchild, so the command has no child that it did not start.
const guard = `grace=$1
shift
( ( trap '' TERM INT HUP
read -r _ || {
	kill -s TERM -- -$$
	while [ "$grace" -gt 0 ] && kill -0 $$; do sleep 0.1; grace=$((grace - 1)); done
	kill -s KILL -- -$$
} ) <&3 >/dev/null 2>&1 & )
exec "$@" 3<&-`

// tie is the write end of the pipe.
type tie = *os.File

func shell(line string) []string { return []string{"/bin/sh", "-c", line} }

func start(c Command, output *os.File) (*Group, error) {
	program, err := exec.LookPath(c.Args[0])
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	grace := fmt.Sprint(int(c.Grace / (100 * time.Millisecond)))
	args := append([]string{"-c", guard, "krowoc", grace, program}, c.Args[1:]...)
	cmd := exec.Command("/bin/sh", args...) //nolint:noctx // Group.Stop ends it
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, output, output
	cmd.ExtraFiles = []*os.File{r}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &Group{Cmd: cmd, grace: c.Grace, tie: w, exited: make(chan struct{})}, nil
}

func (g *Group) askToEnd() { g.signal(syscall.SIGTERM) }
func (g *Group) kill()     { g.signal(syscall.SIGKILL) }

// signal sends a signal to the whole group. A group that has exited is not an error.
func (g *Group) signal(s syscall.Signal) { _ = syscall.Kill(-g.Process.Pid, s) }

// restGrace is how long other processes of the group may outlive the command.
const restGrace = time.Second

// endRest dismisses the watchdog and stops the processes that the command has left behind.
func (g *Group) endRest() {
	_, _ = g.tie.WriteString("\n")
	_ = g.tie.Close()
	g.signal(syscall.SIGTERM)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(restGrace); time.Now().Before(deadline); <-tick.C {
		if groupEnded(g.Process.Pid) {
			return
		}
	}
	g.signal(syscall.SIGKILL)
}
