package testkit

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// PgBouncer starts a PgBouncer in transaction mode before the server of a database, which opens at most size connections to it, and returns the
// URL of the database there. Clients do not prepare statements, because PgBouncer does not know them before version 1.21. Without PgBouncer,
// the test is skipped: what names what is not tested then.
func PgBouncer(t testing.TB, db *pgxpool.Pool, size int, what string) string {
	t.Helper()
	bouncer, err := exec.LookPath("pgbouncer")
	if err != nil {
		Skip(t, "PgBouncer is not installed: "+what)
	}
	server := db.Config().ConnConfig
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	dir, err := os.MkdirTemp("", "pgbouncer") // a folder that its account can enter, too
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ini := fmt.Sprintf("[databases]\n* = host=%s port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\n"+
		"auth_type = plain\nauth_file = %s/users\npool_mode = transaction\ndefault_pool_size = %d\nignore_startup_parameters = extra_float_digits\n",
		server.Host, server.Port, port, dir, size)
	for name, text := range map[string]string{"users": fmt.Sprintf("%q %q\n", server.User, server.Password), "ini": ini} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil { //nolint:gosec // the password is that of a test
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // likewise
		t.Fatal(err)
	}
	args := []string{filepath.Join(dir, "ini")}
	if os.Geteuid() == 0 {
		args = append([]string{"-u", "nobody"}, args...)
	}
	var log bytes.Buffer
	process := exec.Command(bouncer, args...) //nolint:gosec // the arguments are those above
	process.Stderr = &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = process.Wait()
	}()
	t.Cleanup(func() {
		_ = process.Process.Kill()
		<-ended
	})
	url := fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable&default_query_exec_mode=exec&application_name=krowoc", server.User, server.Password, port, server.Database)
	awaitAnswer(t, url, func() string { // nobody writes the log any more
		_ = process.Process.Kill()
		<-ended
		return log.String()
	})
	return url
}

// awaitAnswer waits until a database answers.
func awaitAnswer(t testing.TB, url string, log func() string) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := pool.Ping(t.Context())
		switch {
		case err == nil:
			return
		case time.Now().After(deadline):
			t.Fatalf("PgBouncer does not answer: %v\n%s", err, log())
		}
	}
}
