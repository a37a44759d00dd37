package revocation_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/krowoc/krowoc/internal/auth/revocation"
	"github.com/krowoc/krowoc/internal/fault"
	"github.com/krowoc/krowoc/internal/pg"
	"github.com/krowoc/krowoc/internal/pg/local"
	"github.com/krowoc/krowoc/internal/pg/own"
	"github.com/krowoc/krowoc/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// migrated returns a database with the table.
func migrated(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := testkit.NewDatabase(t)
	migrate(t, db)
	return db
}

func migrate(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	if _, err := own.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

func revoke(t *testing.T, db revocation.DB, kind revocation.Kind, value string) {
	t.Helper()
	if err := revocation.Revoke(t.Context(), db, kind, value); err != nil {
		t.Fatal(err)
	}
}

// start runs a reader until the test ends. What it reads arrives in the channel.
func start(t *testing.T, db *pgxpool.Pool, logger *slog.Logger) (*revocation.Reader, <-chan revocation.Revocation) {
	t.Helper()
	read := make(chan revocation.Revocation, 100)
	r := revocation.NewReader(revocation.Options{Pool: db, Logger: logger, On: func(v revocation.Revocation) { read <- v }})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop(context.WithoutCancel(t.Context())) })
	return r, read
}

// receive returns the next revocation that a reader reads.
func receive(t *testing.T, read <-chan revocation.Revocation) revocation.Revocation {
	t.Helper()
	select {
	case v := <-read:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing is read")
		return revocation.Revocation{}
	}
}

// Every reader knows a revocation within a second; one that starts later knows it at once.
func TestReaders(t *testing.T) {
	db := migrated(t)
	revoke(t, db, revocation.KID, "old")
	one, ofOne := start(t, db, nil)
	two, ofTwo := start(t, db, nil)
	if !one.Has(revocation.KID, "old") || !two.Has(revocation.KID, "old") || one.Has(revocation.Key, "old") || one.Has(revocation.Session, "s") {
		t.Error("a reader starts with other revocations than the table has")
	}
	began := time.Now()
	revoke(t, db, revocation.Session, "s")
	for n, read := range []<-chan revocation.Revocation{ofOne, ofTwo} {
		first, second := receive(t, read), receive(t, read)
		if first != (revocation.Revocation{Kind: revocation.KID, Value: "old"}) || second != (revocation.Revocation{Kind: revocation.Session, Value: "s"}) {
			t.Errorf("reader %d reads %v, %v", n, first, second)
		}
	}
	t.Logf("both know it after %v", time.Since(began)) // at most a second, if the machine is not busy
	if !one.Has(revocation.Session, "s") || !two.Has(revocation.Session, "s") {
		t.Error("a reader calls On before it knows the revocation")
	}
}

// No reader skips a row, in whatever order transactions begin and end, and whatever else they do after the revocation.
func TestNoRowIsSkipped(t *testing.T) {
	db := migrated(t)
	var mu sync.Mutex
	var committed []string
	const writers, each = 6, 25
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for n := range each {
				value := fmt.Sprintf("%d/%d", w, n)
				ended := write(t.Context(), db, random, value)
				if ended == nil {
					mu.Lock()
					committed = append(committed, value)
					mu.Unlock()
				}
			}
		})
	}
	var read []string
	r := revocation.NewReader(revocation.Options{Pool: db, On: func(v revocation.Revocation) { read = append(read, v.Value) }})
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false // and one more poll
		default:
		}
		if err := r.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(read)
	slices.Sort(committed)
	if !slices.Equal(read, committed) || len(read) == 0 {
		t.Errorf("%d were committed, and %d read", len(committed), len(read))
	}
}

// write revokes something in a transaction that does more before and afterwards. One in five is rolled back. Some rows are inserted by hand.
func write(ctx context.Context, db *pgxpool.Pool, random *rand.Rand, value string) error {
	return pg.InTx(ctx, db, func(tx pgx.Tx) error {
		work := func() {
			for range random.IntN(4) {
				_, _ = tx.Exec(ctx, "SELECT count(*) FROM pg_class")
			}
		}
		work()
		var err error
		if random.IntN(3) == 0 {
			_, err = tx.Exec(ctx, "INSERT INTO krowoc.revocations (kind, value) VALUES ('key', $1)", value)
		} else {
			err = revocation.Revoke(ctx, tx, revocation.Key, value)
		}
		work()
		if err == nil && random.IntN(5) == 0 {
			err = context.Canceled
		}
		return err
	})
}

// Old rows go when a new one comes, from the table and from memory. Keys of issuers stay.
func TestOldOnesAreForgotten(t *testing.T) {
	db := migrated(t)
	testkit.Exec(t, db, `INSERT INTO krowoc.revocations (kind, value, at) VALUES ('session', 'old', now() - interval '9 days'), ('kid', 'old', now() - interval '9 years'),
		('session', 'week', now() - interval '7 days')`)
	r := revocation.NewReader(revocation.Options{Pool: db})
	knows := func(want string) {
		t.Helper()
		if err := r.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, v := range []revocation.Revocation{{Kind: revocation.Session, Value: "old"}, {Kind: revocation.KID, Value: "old"}, {Kind: revocation.Session, Value: "week"}} {
			if r.Has(v.Kind, v.Value) {
				got += string(v.Kind) + " " + v.Value + ","
			}
		}
		if got != want {
			t.Errorf("it knows %s", got)
		}
	}
	knows("session old,kid old,session week,")
	revoke(t, db, revocation.Key, "new")
	if got := testkit.Value(t, db, "SELECT string_agg(kind || ' ' || value, ',' ORDER BY position) FROM krowoc.revocations"); got != "kid old,session week,key new" {
		t.Errorf("the table has %s", got)
	}
	knows("kid old,session week,")
}

// A table whose positions count from 1 again is read from its beginning, with fewer rows or with more than before.
func TestTableIsReplaced(t *testing.T) {
	db := migrated(t)
	r := revocation.NewReader(revocation.Options{Pool: db})
	for range 3 {
		revoke(t, db, revocation.Key, "a")
	}
	for n, rows := range []int{2, 3, 4, 0, 1} {
		if err := r.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		testkit.Exec(t, db, "TRUNCATE krowoc.revocations RESTART IDENTITY")
		for row := range rows {
			revoke(t, db, revocation.Key, fmt.Sprintf("%d/%d", n, row))
		}
		if err := r.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
		for row := range rows {
			if !r.Has(revocation.Key, fmt.Sprintf("%d/%d", n, row)) {
				t.Errorf("after %d rows: row %d is not known", rows, row)
			}
		}
	}
	if !r.Has(revocation.Key, "a") {
		t.Error("something is valid again because the table has been replaced")
	}
}

// Before the migration there is one warning, and afterwards everything works. The role needs no grant.
func TestBeforeTheMigration(t *testing.T) {
	db := testkit.NewDatabase(t)
	log := &lockedBuffer{}
	testkit.Exec(t, db, "CREATE ROLE revocation_reader LOGIN PASSWORD 'app'")
	config := db.Config()
	config.ConnConfig.User, config.ConnConfig.Password = "revocation_reader", "app"
	weak, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(weak.Close)
	_, read := start(t, weak, slog.New(slog.NewTextHandler(log, nil)))
	other := revocation.NewReader(revocation.Options{Pool: weak})
	for range 3 {
		if err := other.Poll(t.Context()); fault.CodeOf(err) != fault.Conflict || !strings.Contains(fault.HintOf(err), "krowoc migrate up") {
			t.Error(err)
		}
	}
	migrate(t, db)
	if err := revocation.Revoke(t.Context(), weak, revocation.Key, "k"); fault.CodeOf(err) != fault.Forbidden || !strings.Contains(fault.HintOf(err), "INSERT, DELETE ON krowoc.revocations") {
		t.Errorf("%v; %s", err, fault.HintOf(err))
	}
	revoke(t, db, revocation.Key, "k")
	if v := receive(t, read); v.Value != "k" {
		t.Error(v)
	}
	if text := log.String(); strings.Count(text, "level=WARN") != 1 {
		t.Errorf("the log is:\n%s", text)
	}
}

// Postgres is killed and started again. What was known stays known, and what has been revoked since then is read.
func TestPostgresAway(t *testing.T) {
	dir := filepath.Join(testkit.Folder(t), "postgres")
	run := func() *local.Server {
		server, err := local.Start(t.Context(), local.Options{DataDir: dir, Env: os.Getenv, Logger: testkit.Logger(t)})
		if err != nil {
			t.Fatal(err)
		}
		return server
	}
	postgres := run()
	db, err := pg.Open(t.Context(), pg.Options{URL: postgres.URL("postgres")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	migrate(t, db)
	revoke(t, db, revocation.Session, "before")
	log := &lockedBuffer{}
	r, read := start(t, db, slog.New(slog.NewTextHandler(log, nil)))
	receive(t, read)
	process, err := os.FindProcess(postgres.PID())
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
	<-postgres.Exited()
	for !strings.Contains(log.String(), "level=WARN") {
		time.Sleep(10 * time.Millisecond)
	}
	if !r.Has(revocation.Session, "before") {
		t.Error("it has forgotten what it knew")
	}
	again := run()
	t.Cleanup(func() { _ = again.Stop(context.WithoutCancel(t.Context())) })
	revoke(t, db, revocation.Session, "after")
	if v := receive(t, read); v.Value != "after" {
		t.Error(v)
	}
	if text := log.String(); strings.Count(text, "level=WARN") != 1 {
		t.Errorf("the log is:\n%s", text)
	}
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
