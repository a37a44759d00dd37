package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/krowoc/krowoc/internal/fault"
)

// asOwner has the test binary start a server on the folder that it names, say so, and wait to be killed.
const asOwner = "KROWOC_TEST_OWNER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asOwner); dir != "" {
		os.Exit(ownServer(dir))
	}
	goleak.VerifyTestMain(m)
}

func ownServer(dir string) int {
	server, err := Start(context.Background(), Options{DataDir: dir, Env: os.Getenv})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(server.PID())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// folder returns a new folder that every account may enter, which those of t.TempDir are not.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "krowoc-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start runs a server until the test ends.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Env == nil {
		o.Env = os.Getenv
	}
	server, err := Start(t.Context(), o)
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	t.Cleanup(func() { stop(t, server) })
	return server
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// query runs statements in a database and returns the first column of the last one's first row as text.
func query(t *testing.T, s *Server, database, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if last := results[len(results)-1]; len(last.Rows) > 0 {
		return string(last.Rows[0][0])
	}
	return ""
}

// wantFault checks an error's code and that it says, hint included, all that is wanted.
func wantFault(t *testing.T, err error, code fault.Code, says ...string) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Fatalf("error %v (%q) is not %q", err, fault.CodeOf(err), code)
	}
	text := err.Error() + " " + fault.HintOf(err)
	for _, s := range says {
		if !strings.Contains(text, s) {
			t.Errorf("%q does not say %q", text, s)
		}
	}
}

// wantFiles checks which files a folder holds.
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if fmt.Sprint(names) != fmt.Sprint(want) {
		t.Errorf("%s holds %v, want %v", dir, names, want)
	}
}

// phases returns a callback that notes the phases that are over, and what returns them.
func phases() (func(Progress), func() string) {
	var mu sync.Mutex
	var done []string
	return func(p Progress) {
			mu.Lock()
			defer mu.Unlock()
			if p.Took > 0 {
				done = append(done, p.Phase)
			}
		}, func() string {
			mu.Lock()
			defer mu.Unlock()
			return strings.Join(done, ", ")
		}
}

func write(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
