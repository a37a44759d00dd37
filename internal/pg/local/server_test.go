package local

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
)

func TestServerKeepsDataAndPort(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "missing", "postgres")
	warm(t)
	progress, done := phases()
	server := start(t, Options{DataDir: dir, Progress: progress})
	if got, want := done(), "find Postgres, copy the template, start Postgres"; got != want {
		t.Errorf("phases of a new folder: %s, want %s", got, want)
	}
	if server.DataDir() != dir || !strings.HasPrefix(query(t, server, "postgres", "SHOW server_version"), server.Version()) {
		t.Errorf("DataDir %s, Version %s", server.DataDir(), server.Version())
	}
	if info, err := os.Stat(filepath.Join(dir, passwordFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the password's file: %v, %v", info, err)
	}
	query(t, server, "postgres", "CREATE TABLE kept AS SELECT 42 AS answer")
	before := server.URL("postgres")
	stop(t, server)
	stop(t, server)
	if <-server.Exited(); server.Err() != nil {
		t.Errorf("Err after Stop: %v", server.Err())
	}

	progress, done = phases()
	server = start(t, Options{DataDir: dir, Progress: progress})
	if got, want := done(), "find Postgres, start Postgres"; got != want {
		t.Errorf("phases of a folder that is there: %s, want %s", got, want)
	}
	if got := query(t, server, "postgres", "SELECT answer FROM kept"); got != "42" {
		t.Errorf("the data is %q", got)
	}
	if server.URL("postgres") != before {
		t.Errorf("the URL was %s and is %s", before, server.URL("postgres"))
	}
}

// warm makes the template of the cache, so that what is measured next does not.
func warm(t *testing.T) {
	t.Helper()
	stop(t, start(t, Options{Ephemeral: true}))
}

func TestPasswordIsRequired(t *testing.T) {
	t.Parallel()
	server := start(t, Options{Ephemeral: true})
	u, err := url.Parse(server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Hostname() != "127.0.0.1" {
		t.Errorf("it listens on %s", u.Host)
	}
	u.User = url.UserPassword("postgres", "guess")
	if conn, err := pgx.Connect(t.Context(), u.String()); err == nil {
		_ = conn.Close(t.Context())
		t.Error("a wrong password is accepted")
	}
}

func TestURLWorksWithPsql(t *testing.T) {
	t.Parallel()
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("psql is not installed")
	}
	server := start(t, Options{Ephemeral: true})
	out, err := exec.CommandContext(t.Context(), psql, server.URL("postgres"), "-XAtc", "SELECT 6*7").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "42" {
		t.Errorf("psql: %v %s", err, out)
	}
}

func TestEphemeralServerLeavesNothing(t *testing.T) {
	t.Parallel()
	server := start(t, Options{Ephemeral: true, Settings: map[string]string{"work_mem": "7MB", "listen_addresses": "*"}})
	for setting, want := range map[string]string{
		"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "listen_addresses": "127.0.0.1",
		"work_mem": "7MB", "server_encoding": "UTF8", "timezone": "UTC", "unix_socket_directories": "",
	} {
		if got := query(t, server, "postgres", "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	stop(t, server)
	if _, err := os.Stat(server.DataDir()); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", server.DataDir(), err)
	}
}

func TestTextIsUnicode(t *testing.T) {
	t.Parallel()
	server := start(t, Options{Ephemeral: true})
	if got := query(t, server, "postgres", "SELECT upper('straße é')"); got != "STRASSE É" && got != "STRAßE É" {
		t.Errorf("upper is %q", got)
	}
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	server := start(t, Options{Ephemeral: true})
	ctx, name := t.Context(), `we"ird Näme`
	for range 2 {
		if err := server.EnsureDatabase(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	query(t, server, name, "CREATE TABLE t AS SELECT 1 AS one")
	if err := server.CreateDatabase(ctx, "copy", name); err != nil {
		t.Fatal(err)
	}
	if got := query(t, server, "copy", "SELECT one FROM t"); got != "1" {
		t.Errorf("the copy holds %q", got)
	}
	wantFault(t, server.CreateDatabase(ctx, "copy", ""), fault.Conflict, "copy", "already exists")
	for range 2 {
		if err := server.DropDatabase(ctx, "copy"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTakenPortIsReplaced(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := filepath.Join(folder(t), "postgres")
	server := start(t, Options{DataDir: dir})
	stop(t, server)
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	write(t, filepath.Join(dir, portFile), port, 0o600)

	server = start(t, Options{DataDir: dir})
	if strconv.Itoa(server.port) == port {
		t.Errorf("it claims the port %s that is taken", port)
	}
	query(t, server, "postgres", "SELECT 1")
}

func TestStopAtOnceWhenTheContextIsOver(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "postgres")
	server := start(t, Options{DataDir: dir})
	query(t, server, "postgres", "CREATE TABLE kept AS SELECT 42 AS answer")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Stop(over); fault.CodeOf(err) != fault.Canceled {
		t.Errorf("Stop: %v", err)
	}
	if runsServer(server.PID(), dir) {
		t.Error("the server still runs")
	}
	if got := query(t, start(t, Options{DataDir: dir}), "postgres", "SELECT answer FROM kept"); got != "42" {
		t.Errorf("after recovery the data is %q", got)
	}
}

func TestServerLogReachesTheLogger(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	server := start(t, Options{Ephemeral: true, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 100_000)
	if _, err := conn.Exec(t.Context(), "SELECT 1/0 AS "+`"`+long+`"`); err == nil {
		t.Error("division by zero succeeded")
	}
	_, _ = conn.Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())") // it fails: the connection is gone
	_ = conn.Close(t.Context())
	stop(t, server)
	for _, want := range []string{
		`level=DEBUG msg="terminating connection due to administrator command" severity=FATAL`,
		`level=WARN msg="division by zero" severity=ERROR`, "severity=STATEMENT", long,
		`level=DEBUG msg="database system is ready to accept connections" severity=LOG`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %.80q", want)
		}
	}
}

func TestUnexpectedExitIsReported(t *testing.T) {
	t.Parallel()
	server := start(t, Options{Ephemeral: true})
	if server.Err() != nil {
		t.Errorf("Err of a server that runs: %v", server.Err())
	}
	if err := server.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-server.Exited()
	wantFault(t, server.Err(), fault.Unavailable, "exited unexpectedly", "signal: killed", "ready to accept connections")
	stop(t, server)
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Options{Ephemeral: true, Env: os.Getenv, Settings: map[string]string{"shared_buffers": "lots"}})
	wantFault(t, err, fault.Unavailable, "start Postgres", `invalid value for parameter "shared_buffers": "lots"`)
}

func TestEphemeralDataIsInMemory(t *testing.T) {
	t.Parallel()
	env := func(tmpdir string) func(string) string {
		return func(name string) string {
			if name == "TMPDIR" {
				return tmpdir
			}
			return os.Getenv(name)
		}
	}
	server := start(t, Options{Ephemeral: true, Env: env("")})
	if dir := MemoryFolder(false); dir != "" && filepath.Dir(server.DataDir()) != dir {
		t.Errorf("the data is in %s, want it in %s", server.DataDir(), dir)
	}
	stop(t, server)
	if _, err := os.Stat(server.DataDir()); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", server.DataDir(), err)
	}
	if s := newStarting(Options{Env: env("/elsewhere")}, nil); s.temporary() != os.TempDir() {
		t.Errorf("TMPDIR does not count: %s", s.temporary())
	}
}
