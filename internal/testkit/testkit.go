// Package testkit provides a real Postgres for tests: one server per test process, which starts on first use and is removed at the end, and
// one database per test, copied from a template. It also contains helpers for golden files and logs. Only tests import it.
package testkit

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/pg/local"
)

// startTimeout is enough to download Postgres first.
const startTimeout = 5 * time.Minute

// server is the test process's Postgres.
var server struct {
	start sync.Once
	*local.Server
	err       error
	databases atomic.Int64
}

func postgres(t testing.TB) *local.Server {
	t.Helper()
	server.start.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		major, err := major()
		if err != nil {
			server.err = err
			return
		}
		server.Server, server.err = local.Start(ctx, local.Options{Ephemeral: true, Major: major, Env: os.Getenv})
	})
	if server.err != nil {
		t.Fatalf("start Postgres for the tests: %v", server.err)
	}
	return server.Server
}

// major returns the major version of Postgres that KROWOC_TEST_POSTGRES asks for, or 0 for the newest one of this machine.
func major() (int, error) {
	version := os.Getenv("KROWOC_TEST_POSTGRES")
	if version == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(version)
	if err != nil {
		return 0, fmt.Errorf("KROWOC_TEST_POSTGRES is %q, which is not a major version such as 17", version)
	}
	return n, nil
}

// Main runs the tests of a package and stops its Postgres. Call it as the last statement of TestMain:
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M) { os.Exit(Run(m)) }

// Folder is like t.TempDir, but Postgres can enter the folder even if the test runs as root.
func Folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // nothing in it is secret
		t.Fatal(err)
	}
	return dir
}

// useMemory moves the temporary folders of the tests into memory, where there is room and TMPDIR does not name another place. The tests
// create and remove thousands of files of databases, which some file systems do slowly.
func useMemory() {
	if folder := local.MemoryFolder(true); folder != "" && os.Getenv("TMPDIR") == "" {
		_ = os.Setenv("TMPDIR", folder) // without it the tests are slower, not wrong
	}
}

// Run is like Main, but returns the exit code, for a TestMain that has more work to do afterwards.
func Run(m *testing.M) int {
	useMemory()
	code := m.Run()
	if server.Server != nil {
		if keep() {
			waitForInterrupt()
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if err := server.Stop(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
		cancel()
	}
	return code
}

// Option configures the database of a test.
type Option func(*options)

type options struct{ template string }

// DatabaseURL creates a database for a test and returns its URL.
func DatabaseURL(t testing.TB, opts ...Option) string {
	t.Helper()
	pg := postgres(t)
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	name := fmt.Sprintf("test_%d", server.databases.Add(1))
	if err := pg.CreateDatabase(t.Context(), name, o.template); err != nil {
		t.Fatal(err)
	}
	if keep() {
		fmt.Fprintf(os.Stderr, "%s has the database %s\n", t.Name(), pg.URL(name))
	}
	return pg.URL(name)
}

// NewDatabase creates a database for a test and returns a pool. The pool is closed when the test ends.
func NewDatabase(t testing.TB, opts ...Option) *pgxpool.Pool {
	t.Helper()
	return open(t, DatabaseURL(t, opts...))
}

func open(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// templates are the template databases of Template, by key.
var templates sync.Map

type template struct {
	build sync.Once
	name  string
	err   error
}

// Template copies the database from a template database. build fills the template once per process and key. The pool that it receives is
// closed when it returns.
func Template(t testing.TB, key string, build func(ctx context.Context, pool *pgxpool.Pool) error) Option {
	t.Helper()
	entry, _ := templates.LoadOrStore(key, &template{})
	tpl := entry.(*template)
	tpl.build.Do(func() {
		pg := postgres(t)
		ctx := context.Background()
		tpl.name = fmt.Sprintf("template_%d", server.databases.Add(1))
		if tpl.err = pg.CreateDatabase(ctx, tpl.name, ""); tpl.err != nil {
			return
		}
		pool, err := pgxpool.New(ctx, pg.URL(tpl.name))
		if err != nil {
			tpl.err = err
			return
		}
		defer pool.Close()
		tpl.err = build(ctx, pool)
	})
	if tpl.err != nil {
		t.Fatalf("build the template %q: %v", key, tpl.err)
	}
	return func(o *options) { o.template = tpl.name }
}

// Logger returns a logger that writes to the log of the test.
func Logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Helper()
	w.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}
