//go:build unix

package local

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/krowoc/krowoc/internal/fault"
)

func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	server := start(t, Options{DataDir: dir})
	_, err := Start(t.Context(), Options{DataDir: dir, Env: os.Getenv})
	wantFault(t, err, fault.Conflict, dir, fmt.Sprintf("process %d ", os.Getpid()), "stop it first")
	query(t, server, "postgres", "SELECT 1")
	stop(t, server)
	start(t, Options{DataDir: dir})
}

func TestServerOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	server := start(t, Options{DataDir: dir})
	server.data.lock.unlock() // as if krowoc had not started it
	_, err := Start(t.Context(), Options{DataDir: dir, Env: os.Getenv})
	wantFault(t, err, fault.Conflict, dir, fmt.Sprintf("pid %d", server.PID()), fmt.Sprintf("kill -INT %d", server.PID()))
	query(t, server, "postgres", "SELECT 1")
}

// TestKilledOwnerTakesTheServerAlong kills a process that runs a server in the hardest way and starts again on
// its folder at once.
func TestKilledOwnerTakesTheServerAlong(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), asOwner+"="+dir)
	owner.Stderr = os.Stderr
	stdin, err := owner.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !runsServer(pid, dir) {
		t.Fatalf("process %q is no server: %v", line, err)
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()

	server := start(t, Options{DataDir: dir})
	if runsServer(pid, dir) || server.PID() == pid {
		t.Errorf("server %d outlived its owner", pid)
	}
	query(t, server, "postgres", "SELECT 1")
}

func TestKilledServerRecovers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	server := start(t, Options{DataDir: dir})
	query(t, server, "postgres", "CREATE TABLE kept AS SELECT 42 AS answer")
	if err := server.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-server.Exited()
	if pid, _ := server.data.readPIDFile(); pid != server.PID() {
		t.Errorf("postmaster.pid names %d, and the killed server was %d", pid, server.PID())
	}
	if got := query(t, start(t, Options{DataDir: dir}), "postgres", "SELECT answer FROM kept"); got != "42" {
		t.Errorf("the data is %q", got)
	}
}

// TestReusedProcessID has another process of the server's account run under the id that a dead server left
// behind, which Postgres alone would take for that server.
func TestReusedProcessID(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	server := start(t, Options{DataDir: dir})
	left, err := os.ReadFile(filepath.Join(dir, pidFile))
	if err != nil {
		t.Fatal(err)
	}
	stop(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	other := exec.CommandContext(ctx, "sleep", "1000")
	server.data.account.configure(other)
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = other.Wait() }()
	_, rest, _ := strings.Cut(string(left), "\n")
	write(t, filepath.Join(dir, pidFile), fmt.Sprintf("%d\n%s", other.Process.Pid, rest), 0o600)
	if err := server.data.account.own(filepath.Join(dir, pidFile)); err != nil {
		t.Fatal(err)
	}
	query(t, start(t, Options{DataDir: dir}), "postgres", "SELECT 1")
}

func TestServerIsBeyondTheTerminal(t *testing.T) {
	t.Parallel()
	server := start(t, Options{Ephemeral: true})
	session, err := unix.Getsid(server.PID())
	if err != nil || session != server.PID() {
		t.Errorf("the server's session is %d, %v; its own would be %d", session, err, server.PID())
	}
}

// TestCancel ends the context as each phase begins, and wants nothing left: no process, which would still
// hold the lock, and no half of a folder.
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{PhaseFind, PhaseInit, PhaseCopy, PhaseStart} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			base := folder(t)
			dir, cache := filepath.Join(base, "data", "postgres"), filepath.Join(base, "cache")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := Start(ctx, Options{DataDir: dir, CacheDir: cache, Env: os.Getenv, Progress: func(p Progress) {
				if p.Phase == phase && p.Took == 0 {
					cancel()
				}
			}})
			wantFault(t, err, fault.Canceled, phase)
			if phase == PhaseStart {
				if pid, _ := (&dataFolder{path: dir}).readPIDFile(); pid != 0 && runsServer(pid, dir) {
					t.Errorf("server %d still runs", pid)
				}
			} else {
				wantFiles(t, filepath.Dir(dir), "postgres.lock")
			}
			templates, _ := filepath.Glob(filepath.Join(cache, "templates", ".new*"))
			if len(templates) > 0 {
				t.Errorf("left behind: %v", templates)
			}
			query(t, start(t, Options{DataDir: dir, CacheDir: cache}), "postgres", "SELECT 1")
		})
	}
}
