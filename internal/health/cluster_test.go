//go:build unix

package health_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/testkit"
)

// cluster is a Postgres of this test's own, on a socket: replication needs a primary whose settings and
// folder it knows.
type cluster struct {
	bin, dir, socket string
	process          *exec.Cmd
}

// newCluster makes an empty primary.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{bin: postgresBin(t)}
	c.folders(t)
	c.run(t, "initdb", "--auth=trust", "--username=postgres", "--no-sync", "--no-instructions", "-D", c.dir)
	t.Cleanup(c.stop)
	c.start(t)
	return c
}

// newStandby makes a standby of c that streams from it.
func (c *cluster) newStandby(t *testing.T) *cluster {
	t.Helper()
	s := &cluster{bin: c.bin}
	s.folders(t)
	s.run(t, "pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-D", s.dir,
		"-d", fmt.Sprintf("host=%s user=postgres application_name=standby1", c.socket))
	t.Cleanup(s.stop)
	s.start(t)
	return s
}

// postgresBin returns the folder of Postgres's programs.
func postgresBin(t *testing.T) string {
	t.Helper()
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_basebackup")
	if found, err := exec.LookPath("pg_basebackup"); err == nil {
		candidates = append(candidates, found)
	}
	for _, candidate := range candidates {
		bin := filepath.Dir(candidate)
		if _, err := os.Stat(filepath.Join(bin, "initdb")); err == nil {
			return bin
		}
	}
	testkit.Skip(t, "pg_basebackup and initdb are not installed: no standby is watched")
	return ""
}

// folders makes the cluster's folders, with a path short enough for a socket, and a data folder that only
// its owner can read.
func (c *cluster) folders(t *testing.T) {
	t.Helper()
	root, err := os.MkdirTemp("", "krowoc") //nolint:usetesting // t.TempDir is too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	c.socket, c.dir = root, filepath.Join(root, "data")
	if err := os.Mkdir(c.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if credential := unprivileged(t); credential != nil {
		for _, path := range []string{root, c.dir} {
			if err := os.Chown(path, int(credential.Uid), int(credential.Gid)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// unprivileged returns who runs Postgres in place of root, which it refuses; nil is whoever runs the test.
func unprivileged(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if account, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(account.Uid, 10, 32)
			gid, _ := strconv.ParseUint(account.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	testkit.Skip(t, "Postgres does not run as root, and there is no other account: no standby is watched")
	return nil
}

func (c *cluster) command(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(c.bin, program), args...)
	cmd.Dir = c.socket
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(t)}
	return cmd
}

func (c *cluster) run(t *testing.T, program string, args ...string) {
	t.Helper()
	if output, err := c.command(t, program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, output)
	}
}

// start starts the server and waits until it answers.
func (c *cluster) start(t *testing.T) {
	t.Helper()
	c.process = c.command(t, "postgres", "-D", c.dir, "-k", c.socket, "-c", "listen_addresses=", "-c", "fsync=off")
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	pool := c.pool(t)
	await(t, "Postgres to answer", func(ctx context.Context) bool { return pool.Ping(ctx) == nil })
}

// stop ends the server at once; a second call does nothing.
func (c *cluster) stop() {
	if c.process != nil && c.process.ProcessState == nil {
		_ = c.process.Process.Signal(syscall.SIGQUIT)
		_ = c.process.Wait()
	}
}

// pool opens a pool of two connections.
func (c *cluster) pool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), fmt.Sprintf("host=%s user=postgres dbname=postgres pool_max_conns=2", c.socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func (c *cluster) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := c.pool(t).Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// await asks until the answer is yes.
func await(t *testing.T, what string, yes func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !yes(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("gave up waiting for %s", what)
		case <-tick.C:
		}
	}
}
