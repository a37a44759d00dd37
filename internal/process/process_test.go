//go:build unix

package process_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/process"
)

// TestMain becomes a parent that starts a group and waits to be killed, where a test asks for one.
func TestMain(m *testing.M) {
	if line := os.Getenv("START_GROUP"); line != "" {
		_, err := process.Start(process.Command{Args: process.Shell(line), Dir: ".", Env: os.Environ(), Grace: time.Second})
		if err != nil {
			panic(err)
		}
		select {}
	}
	os.Exit(m.Run())
}

// lines collects output.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

func command(out *lines, line string) process.Command {
	return process.Command{Args: process.Shell(line), Dir: ".", Env: os.Environ(), Grace: 500 * time.Millisecond, Output: out.add}
}

func TestRunHandsOnOutputAndExitCode(t *testing.T) {
	var out lines
	if err := process.Run(t.Context(), command(&out, "echo one; echo; echo two >&2; printf three")); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "one\n\ntwo\nthree" {
		t.Errorf("%q", got)
	}
	err := process.Run(t.Context(), command(&out, "exit 7"))
	if err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Error(err)
	}
	long := command(&out, "head -c 200000 /dev/zero | tr '\\0' x")
	if err := process.Run(t.Context(), long); err != nil || strings.Count(out.String(), "x") != 200000 {
		t.Error("a long line is not whole", err)
	}
}

func TestStartSaysWhatIsMissing(t *testing.T) {
	for _, c := range []process.Command{
		{Args: []string{"no-such-program"}, Dir: "."},
		{Args: []string{"true"}, Dir: "no-such-folder"},
	} {
		if _, err := process.Start(c); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "no-such") {
			t.Error(err)
		}
	}
}

// TestStopEndsTheWholeGroup has a child that ignores the request to end.
func TestStopEndsTheWholeGroup(t *testing.T) {
	var out lines
	g, err := process.Start(command(&out, "(trap '' TERM; echo child $(sh -c 'echo $PPID'); while :; do sleep 0.05; done) & wait"))
	if err != nil {
		t.Fatal(err)
	}
	child := awaitPID(t, &out)
	g.Stop(t.Context())
	if alive(child) || alive(g.PID()) {
		t.Error("something is left")
	}
}

func TestNothingOutlivesItsCommand(t *testing.T) {
	var out lines
	if err := process.Run(t.Context(), command(&out, "sleep 1000 & echo child $!")); err != nil {
		t.Fatal(err)
	}
	if child := awaitPID(t, &out); alive(child) {
		t.Error("the child outlives its command")
	}
}

func TestEndOfContextEndsTheGroup(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := process.Run(ctx, command(&lines{}, "sleep 1000")); fault.CodeOf(err) != fault.Timeout {
		t.Error(err)
	}
}

// TestKillOfUsEndsTheGroup kills a parent with SIGKILL, which it cannot notice.
func TestKillOfUsEndsTheGroup(t *testing.T) {
	dir := t.TempDir()
	line := "trap '' TERM; sleep 1000 & echo $! >child; echo $$ >leader; while :; do sleep 0.05; done"
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Dir, parent.Env = dir, append(os.Environ(), "START_GROUP="+line)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	leader, child := awaitFile(t, filepath.Join(dir, "leader")), awaitFile(t, filepath.Join(dir, "child"))
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	for deadline := time.Now().Add(10 * time.Second); alive(leader) || alive(child); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("something outlives a parent that was killed")
		}
	}
}

func awaitPID(t *testing.T, out *lines) int {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		for s := bufio.NewScanner(strings.NewReader(out.String())); s.Scan(); {
			if pid, ok := strings.CutPrefix(s.Text(), "child "); ok {
				n, err := strconv.Atoi(pid)
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
		}
	}
	t.Fatal("the child has not said who it is")
	return 0
}

func awaitFile(t *testing.T, path string) int {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil && strings.HasSuffix(string(text), "\n") {
			n, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("no " + path)
	return 0
}

// alive reports whether a process runs; a zombie that nobody has waited for does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
