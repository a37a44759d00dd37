package scratch_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg/scratch"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// left counts the scratch databases of a server.
func left(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_database WHERE datname LIKE 'krowoc\_scratch\_%'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// The tests share a server and count its databases, so none is parallel.

func TestCopyHasWhatTheDatabaseHas(t *testing.T) {
	url := testkit.DatabaseURL(t)
	s := scratch.Existing(scratch.Options{URL: url})
	if s.Own() {
		t.Error("a server of somebody else's is our own")
	}
	db, drop, err := s.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), "CREATE TABLE books ()"); err != nil {
		t.Fatal(err)
	}
	copied, dropCopy, err := s.Copy(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := copied.Exec(t.Context(), "DROP TABLE books"); err != nil {
		t.Errorf("the copy: %v", err)
	}
	if _, err := db.Exec(t.Context(), "TABLE books"); err != nil {
		t.Errorf("the database after its copy was changed: %v", err)
	}
	for _, drop := range []func() error{dropCopy, drop} {
		if err := drop(); err != nil {
			t.Error(err)
		}
	}
	if n := left(t, url); n > 0 {
		t.Errorf("%d databases are left", n)
	}
}

func TestDropLeftovers(t *testing.T) {
	url := testkit.DatabaseURL(t)
	killed := scratch.Existing(scratch.Options{URL: url})
	db, _, err := killed.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := scratch.Existing(scratch.Options{URL: url}).DropLeftovers(t.Context()); err != nil {
		t.Error(err)
	}
	if n := left(t, url); n > 0 {
		t.Errorf("%d databases are left", n)
	}
}

func TestUnknownEngine(t *testing.T) {
	if _, err := scratch.Open(t.Context(), scratch.Options{Engine: "podman"}); fault.CodeOf(err) != fault.Invalid {
		t.Error(err)
	}
}

// Whoever stops Krowoc while Postgres creates a database leaves none behind: Postgres may complete a statement that was canceled.
func TestCanceledDatabaseIsDropped(t *testing.T) {
	url := testkit.DatabaseURL(t)
	s := scratch.Existing(scratch.Options{URL: url})
	for i := range 30 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*2*time.Millisecond)
		if _, drop, err := s.Database(ctx); err == nil {
			if err := drop(); err != nil {
				t.Error(err)
			}
		}
		cancel()
	}
	if n := left(t, url); n > 0 {
		t.Errorf("%d databases are left", n)
	}
}
