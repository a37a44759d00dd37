//go:build unix

package local

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/krowoc/krowoc/internal/fault"
)

// TestTemplateIsMadeOnce starts several servers at once with an empty cache.
func TestTemplateIsMadeOnce(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(folder(t), "cache")
	progress, done := phases()
	var g errgroup.Group
	servers := make([]*Server, 3)
	for i := range servers {
		g.Go(func() (err error) {
			servers[i], err = Start(t.Context(), Options{Ephemeral: true, CacheDir: cache, Env: os.Getenv, Progress: progress})
			return err
		})
	}
	err := g.Wait()
	for _, s := range servers {
		if s != nil {
			stop(t, s)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	entries, err := filepath.Glob(filepath.Join(cache, "templates", "*"))
	if err != nil || len(entries) != 2 || entries[1] != entries[0]+".lock" {
		t.Errorf("the templates are %v, %v; want one and its lock", entries, err)
	}
	if copies := strings.Count(done(), PhaseCopy); copies != len(servers) {
		t.Errorf("%d copies for %d servers: %s", copies, len(servers), done())
	}
}

func TestCopyTree(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	files := map[string][]byte{
		"empty":       {},
		"small":       []byte("text"),
		"sub/block":   bytes.Repeat([]byte{7}, copyBlock),
		"sub/zeros":   make([]byte, 3*copyBlock+5),
		"sub/x/mixed": append(make([]byte, copyBlock), "after a hole"...),
	}
	for name, content := range files {
		write(t, filepath.Join(from, name), string(content), 0o600)
	}
	if err := copyTree(t.Context(), from, to, nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d; %v", name, len(got), len(want), err)
		}
	}
	if err := copyTree(t.Context(), from, to, nil); !os.IsExist(err) {
		t.Errorf("a copy over another: %v", err)
	}
}

func TestFolderOfSomethingElse(t *testing.T) {
	t.Parallel()
	base := folder(t)
	write(t, filepath.Join(base, "full", "notes.txt"), "precious", 0o600)
	_, err := Start(t.Context(), Options{DataDir: filepath.Join(base, "full"), Env: os.Getenv})
	wantFault(t, err, fault.Conflict, filepath.Join(base, "full"), "files other than Postgres's data", "choose another folder")
	wantFiles(t, filepath.Join(base, "full"), "notes.txt")

	write(t, filepath.Join(base, "file"), "not a folder", 0o600)
	_, err = Start(t.Context(), Options{DataDir: filepath.Join(base, "file", "postgres"), Env: os.Getenv})
	wantFault(t, err, fault.Internal, filepath.Join(base, "file", "postgres"), "not a directory")

	if err := os.Mkdir(filepath.Join(base, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	query(t, start(t, Options{DataDir: filepath.Join(base, "empty")}), "postgres", "SELECT 1")
}

func TestFolderOfAnotherMajor(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	write(t, filepath.Join(dir, "PG_VERSION"), "9\n", 0o600)
	s := finding(t, Options{}, 0)
	s.Ephemeral, s.DataDir, s.account = false, dir, nil
	_, err := s.run(t.Context())
	wantFault(t, err, fault.Conflict, "the data in "+dir+" was created by PostgreSQL 9", "move the folder away")
	wantFiles(t, dir, "PG_VERSION")
	wantFiles(t, filepath.Dir(dir), "postgres", "postgres.lock")
}

// TestFullDisk starts on a file system that is too small for the data, and then on one that fills up later.
func TestFullDisk(t *testing.T) {
	dir := folder(t)
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=8m", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("only who may mount can have a full disk: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	_, err := Start(t.Context(), Options{DataDir: filepath.Join(dir, "postgres"), Env: os.Getenv})
	wantFault(t, err, fault.Unavailable, "no space left on device", "free some space")
	wantFiles(t, dir, "postgres.lock")
}

func TestDiskErrorsAreExplained(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		code fault.Code
		says string
	}{
		{syscall.ENOSPC, fault.Unavailable, "disk is full"},
		{syscall.EACCES, fault.Forbidden, "writable"},
		{syscall.EROFS, fault.Forbidden, "read-only"},
		{context.Canceled, fault.Canceled, "copy"},
	} {
		wantFault(t, explainDisk("copy", &os.PathError{Op: "write", Path: "/x", Err: tc.err}), tc.code, tc.says)
	}
	if explainDisk("copy", nil) != nil {
		t.Error("no error is explained")
	}
}

// asRoot skips a test of what only root meets.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("root alone runs the server as another user")
	}
}

// TestRootsClosedFolder starts in a folder that the server's account cannot reach, moves the project, and
// starts again.
func TestRootsClosedFolder(t *testing.T) {
	t.Parallel()
	asRoot(t)
	home := folder(t)
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	server := start(t, Options{DataDir: filepath.Join(home, "project", "postgres")})
	t.Cleanup(func() { _ = os.RemoveAll(filepath.Dir(server.DataDir())) })
	if filepath.Dir(filepath.Dir(server.DataDir())) != systemDataDir {
		t.Errorf("the data is in %s", server.DataDir())
	}
	query(t, server, "postgres", "CREATE TABLE kept AS SELECT 42 AS answer")
	stop(t, server)
	if err := os.Rename(filepath.Join(home, "project"), filepath.Join(home, "moved")); err != nil {
		t.Fatal(err)
	}
	again := start(t, Options{DataDir: filepath.Join(home, "moved", "postgres")})
	if got := query(t, again, "postgres", "SELECT answer FROM kept"); got != "42" || again.DataDir() != server.DataDir() {
		t.Errorf("after the move the data is %q, in %s", got, again.DataDir())
	}
	stop(t, again)
	abandoned(t, server, "")
	if err := os.RemoveAll(filepath.Join(home, "moved")); err != nil {
		t.Fatal(err)
	}
	abandoned(t, server, filepath.Join(home, "moved"))
}

// abandoned checks which place, if any, a server's data is said to have been abandoned by.
func abandoned(t *testing.T, server *Server, want string) {
	t.Helper()
	found, err := Abandoned()
	if got := found[filepath.Dir(server.DataDir())]; err != nil || got != want {
		t.Errorf("the data is abandoned by %q, %v; want %q", got, err, want)
	}
}

// TestRootsClosedTemporaryFolder starts a server for a while where the server's account cannot enter TMPDIR.
func TestRootsClosedTemporaryFolder(t *testing.T) {
	asRoot(t)
	closed := folder(t)
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", closed)
	server := start(t, Options{Ephemeral: true})
	if got := query(t, server, "postgres", "SELECT 42"); got != "42" {
		t.Error(got)
	}
	stop(t, server)
	if _, err := os.Stat(server.DataDir()); err == nil {
		t.Errorf("%s is left", server.DataDir())
	}
}

// TestRootTakesOverAUsersFolder has root start the server of an ordinary user's project: as that user.
func TestRootTakesOverAUsersFolder(t *testing.T) {
	t.Parallel()
	asRoot(t)
	nobody := &account{name: "nobody", uid: 65534, gid: 65534}
	dir := filepath.Join(folder(t), "postgres")
	stop(t, start(t, Options{DataDir: dir}))
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return nobody.own(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	server := start(t, Options{DataDir: dir})
	if _, err := os.Stat("/proc/self"); err == nil {
		owner, err := ownerOf("/proc/" + strconv.Itoa(server.PID()))
		if err != nil || owner.uid != nobody.uid {
			t.Errorf("the server runs as %v, %v", owner, err)
		}
	}
	if err := os.Chmod(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	stop(t, server)
	_, err = Start(t.Context(), Options{DataDir: dir, Env: os.Getenv})
	wantFault(t, err, fault.Forbidden, dir, "nobody", "permission to enter")
}
